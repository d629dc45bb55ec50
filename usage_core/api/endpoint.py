"""What an address of the API is: said once, for the routes, for the doors and for the API's description."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from usage_core.access.journal import Journal
from usage_core.access.rules import THIS_MACHINE, Scope, Visitor
from usage_core.api.links import Links
from usage_core.api.parameters import Parameter
from usage_core.api.proofs import Proofs
from usage_core.api.slots import Slots
from usage_core.intake.several import Outcome
from usage_core.settings import AT_ONCE
from usage_core.store.lake import Lake
from usage_core.workspace import Shown

Exported: TypeAlias = Callable[[Visitor, str, int | None], None]
"""Told of every file that was sent, whole or in part: to whom, of what, and its rows where they count."""

Imported: TypeAlias = Callable[[Visitor, Outcome], None]
"""Told of every file that was brought in, or refused: by whom, and what became of it."""


@dataclass(frozen=True, slots=True)
class Console:
    """What the routes know of the console they belong to."""

    shown: Callable[[], Shown]
    """The store that is shown at the time of a request."""
    visitor: Callable[[Request], Visitor] = lambda _request: THIS_MACHINE
    """Who has sent a request."""
    exported: Exported = lambda _visitor, _what, _rows: None
    imported: Imported = lambda _visitor, _outcome: None
    slots: Slots = field(default_factory=lambda: Slots(AT_ONCE))

    journal: Callable[[], Journal] | None = None
    """The audit log, for those who may read it."""
    real: Callable[[], Lake] | None = None
    """The store of real calls, for those who bring some in."""
    origin: Callable[[Request], str] = lambda request: f"{request.url.scheme}://{request.url.netloc}"
    """Scheme and host by which the console is reached."""
    links: Links = field(default_factory=Links)
    """Links to files."""
    proofs: Proofs = field(default_factory=Proofs)
    """Manifests of files."""


Answer: TypeAlias = Callable[[Console, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a request is answered with when all is well, or the body it has: media types, what JSON Schema
    says of it, and an example."""

    meaning: str
    media_types: tuple[str, ...]
    example: Any = None
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, as `/api/v1/imports/{import_id}/rows-set-aside`, what answers there, what is told of it."""

    method: str
    path: str
    answer: Answer
    summary: str
    told: Told
    parameters: tuple[Parameter, ...] = ()
    body: Told | None = None
    refusals: tuple[int, ...] = ()
    """The statuses of requests that are not well, but for 401 and 403."""
    scopes: frozenset[Scope] = frozenset()
    """What a program must be allowed to come here, one of them; none for people only."""
    is_open: bool = False
    """Whether anybody may come here, because the address itself is a secret."""

    def is_at(self, path: str) -> bool:
        """Whether a path is this address, with whatever values."""
        return bool(_compiled(self.path).match(path))


@cache
def _compiled(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]

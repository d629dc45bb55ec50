"""Parameters of addresses: what each is and means, said once, for whoever asks and for whoever checks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from starlette.datastructures import QueryParams

from usage_core.errors import SelectionError
from usage_core.export.formats import CODECS, DEFAULT, FORMATS
from usage_core.schema import Kind
from usage_core.selection import Selection

Given: TypeAlias = Mapping[str, list[str]]
"""Values by parameter."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an address, with what JSON Schema says of a value, and an example of one."""

    name: str
    meaning: str
    example: str
    values: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_required: bool = False
    is_list: bool = False
    """Whether it may be given several times."""


def one_of(names: Iterable[str], default: str | None = None) -> dict[str, Any]:
    """What JSON Schema says of one of some names."""
    return {"type": "string", "enum": list(names)} | ({"default": default} if default is not None else {})


SELECTION = (
    Parameter(
        "from",
        "The first day or minute, as `2026-11-01`, `2026-11-01T09:30`, or with `Z` or an offset",
        "2026-11-01",
        is_required=True,
    ),
    Parameter("to", "The day or minute just after the last, likewise", "2026-12-01", is_required=True),
    Parameter(
        "tz",
        "The time zone of `from`, `to`, and of days and hours",
        "Europe/Berlin",
        {"type": "string", "default": "UTC"},
    ),
    Parameter("key", "Only calls of this API key, by its id", "7d0f3c1e", is_list=True),
    Parameter("provider", "Only this provider; empty for those that are unknown", "openai", is_list=True),
    Parameter("model", "Only this model", "gpt-4o", is_list=True),
    Parameter("kind", "Only calls of this kind", "completion", one_of(list(Kind)), is_list=True),
)
"""Which calls are meant."""

FILE = (
    Parameter("format", "Which file", "jsonl", one_of(FORMATS, DEFAULT)),
    Parameter(
        "compression",
        "What the file is compressed with; not for Parquet, which is compressed already",
        "gzip",
        one_of(CODECS),
    ),
)
"""Which file of them."""

MANIFEST_PATH = "/api/v1/manifests/{manifest_id}"
MANIFEST = Parameter(
    "manifest",
    f"Whether the header `Link` is to say where the file's manifest is afterwards: `{MANIFEST_PATH}`",
    "true",
    one_of(("true", "false"), "false"),
)


def given(params: QueryParams, known: Sequence[Parameter]) -> Given:
    """The parameters of a request, of those that are known.

    Raises:
        SelectionError: one is not known, is missing, or is given more than once where it may not be.
    """
    found = {name: params.getlist(name) for name in params}
    of_name = {each.name: each for each in known}
    unknown = sorted(set(found) - set(of_name))
    if unknown:
        raise SelectionError(f"Unknown parameter: {', '.join(name[:60] for name in unknown)}.")
    for name, each in of_name.items():
        times = len(found.get(name, []))
        if each.is_required and not any(found.get(name, [])):
            raise SelectionError(f"The parameter {name!r} is missing.")
        if times > 1 and not each.is_list:
            raise SelectionError(f"Give the parameter {name!r} once.")
    return found


def one(found: Given, name: str, default: str = "") -> str:
    """The value of a parameter that is given once or not at all."""
    return found.get(name, [default])[0]


def selection(found: Given, only: tuple[str, ...] | None) -> Selection:
    """The selection that is asked for, of nothing but the keys in sight.

    Raises:
        SelectionError: a value is not understood.
    """
    names = [each.name for each in SELECTION]
    asked = Selection.from_params((name, value) for name in names for value in found.get(name, []))
    return replace(asked, only=only)


def flag(found: Given, parameter: Parameter) -> bool:
    """Whether a parameter that is true or false, or left out, is true.

    Raises:
        SelectionError: it is neither.
    """
    value = one(found, parameter.name, "false")
    if value not in ("true", "false"):
        raise SelectionError(f"The parameter {parameter.name!r} is true or false.")
    return value == "true"

"""Manifests of the files that were sent lately, made of the very bytes that were sent."""

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from usage_core.errors import UsageError
from usage_core.export.formats import File
from usage_core.export.manifest import Manifest, Written, manifest
from usage_core.selection import Selection
from usage_core.store.lake import Lake

MOST = 200
"""So many files' manifests are kept; the oldest go first."""


@dataclass(slots=True)
class Proof:
    """The manifest of one file, from when its last byte was made; `whose` says who may have it."""

    whose: str | None
    manifest: Manifest | None = None
    why_not: str = "The file is still being sent, or was broken off."


class Proofs:
    """The manifests of the newest files; safe to share between threads."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, Proof] = LRUCache(MOST)
        self._guard = threading.Lock()

    def new(self, whose: str | None) -> tuple[str, Proof]:
        """The place of a manifest that is still to be made, and the name it is known by."""
        name, proof = secrets.token_urlsafe(16), Proof(whose)
        with self._guard:
            self._kept[name] = proof
        return name, proof

    def find(self, name: str, whose: str | None) -> Proof | None:
        """What is known by this name, where it is theirs."""
        with self._guard:
            found = self._kept.get(name)
        return found if found and found.whose == whose else None


def proved(
    pieces: Any, rows: list[int], proof: Proof, of: tuple[Lake, Selection, File, str]
) -> Iterator[bytes]:
    """The pieces of a file; once the last is made, the proof has the manifest of them all.

    `rows` has the number of rows by then; `of` is the store, the selection, the kind of file and its name.
    """
    lake, selection, kind, name = of
    digest, size = hashlib.sha256(), 0
    with closing(pieces):
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
    try:
        proof.manifest = manifest(lake, selection, kind, Written(name, rows[-1], size, digest.hexdigest()))
    except UsageError as error:
        proof.why_not = str(error)

"""Options that several commands share, and the selection they add up to."""

from typing import Annotated

import typer

from usage_core.errors import SelectionError
from usage_core.metrics.facts import directory
from usage_core.prices.catalogue import names
from usage_core.schema import Kind
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe, parse_edge

From = Annotated[str, typer.Option("--from", help="First day or minute, as 2026-11-01 or 2026-11-01T09:30")]
To = Annotated[str, typer.Option("--to", help="The day or minute just after the last")]
Zone = Annotated[str, typer.Option("--tz", help="Time zone of the two, as Europe/Berlin")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="Only this API key, by id or name; repeatable")]
Providers = Annotated[list[str] | None, typer.Option("--provider", help="Only this provider; repeatable")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this model; repeatable")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help=f"Only {', '.join(Kind)}; repeatable")]


def selection(
    lake: Lake,
    edges: tuple[str, str, str],
    key: list[str] | None,
    provider: list[str] | None,
    model: list[str] | None,
    kind: list[str] | None,
) -> Selection:
    """The selection that options ask for.

    Raises:
        SelectionError: an option is missing, not understood, or names a key that is not there.
    """
    start, end, tz = edges
    if not start or not end:
        raise SelectionError(
            "Say which timeframe: --from 2026-11-01 --to 2026-12-01 (the end is not part of it)."
        )
    frame = Timeframe(parse_edge(start, tz), parse_edge(end, tz), tz)
    return Selection(
        frame,
        key=_key_ids(lake, key or []),
        provider=tuple(names(text, "").provider or UNKNOWN for text in provider or []),
        model=tuple(names(None, text).model for text in model or []),
        kind=tuple(kind or []),
    )


def _key_ids(lake: Lake, wanted: list[str]) -> tuple[str, ...]:
    if not wanted:
        return ()
    with lake.reading() as connection:
        known = directory(connection).key
    found = {text: [id_ for id_, name in known.items() if text in (id_, name)] for text in wanted}
    missing = [text for text, ids in found.items() if not ids]
    if missing:
        raise SelectionError(f"No API key has the id or name {', '.join(map(repr, missing))}.")
    return tuple(id_ for ids in found.values() for id_ in ids)

"""The ends of a timeframe that a rollup leaves over: spans of calls, each read once, by all there is, for all
that is asked of it."""

from collections.abc import Hashable
from datetime import UTC, datetime

import sqlalchemy as sa

from usage_core.metrics.covers import Cover, in_utc
from usage_core.periods import offsets
from usage_core.timeframe import Timeframe

PLACES = tuple(sa.bindparam(name, type_=sa.DateTime()) for name in ("from", "to"))
"""Where a statement has a span's edges; a statement without them serves for others, too."""


def ends_of(cover: Cover, zone: str) -> list[Timeframe]:
    """The spans that a cover leaves over."""
    return [Timeframe(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), zone) for start, end in cover.ends]


def edges(span: Timeframe) -> dict[str, datetime]:
    """A span's edges, by the names of their places."""
    return dict(zip((place.key for place in PLACES), in_utc(span.start, span.end), strict=True))


def but_for_edges(span: Timeframe) -> Hashable:
    """All that a statement takes from a span but its edges."""
    (_, offset), *changes = offsets(span)
    return (offset, *changes)

"""What was asked: timeframe, zone and filters; cache key, link and export parameters in one."""

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from usage_core.errors import SelectionError
from usage_core.schema import Kind
from usage_core.timeframe import Timeframe, parse_edge

FILTERS = {
    "key": "api_key_id",
    "provider": "provider_name",
    "model": "model_name",
    "kind": "kind",
}
"""Filter name in links, exports and on the command line -> the column it holds to."""

UNKNOWN = ""
"""The filter value that stands for a field the source left empty."""


SIGHT: ContextVar[tuple[str, ...] | None] = ContextVar("sight", default=None)
"""The ids of the keys whose calls whoever asks now may see; None for all."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A timeframe and filters. Values of one filter are alternatives; filters add up.

    An empty filter lets everything through. Hashable, so it is a cache key as it stands.
    """

    timeframe: Timeframe
    key: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    only: tuple[str, ...] | None = field(default_factory=SIGHT.get)
    """The keys in sight when it was made: whatever is asked for, it holds to them. No link says them."""

    def __post_init__(self) -> None:
        for name in FILTERS:
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        for value in self.kind:
            if value not in list(Kind):
                raise SelectionError(f"{value[:60]!r} is not a call kind. Use one of: {', '.join(Kind)}.")

    @property
    def filters(self) -> Mapping[str, tuple[str, ...]]:
        """Column -> accepted values, for the filters in use and the keys in sight; none where what is
        asked for is out of sight."""
        asked = {column: getattr(self, name) for name, column in FILTERS.items() if getattr(self, name)}
        if self.only is None:
            return asked
        seen = set(self.only).intersection(self.key or self.only)
        return asked | {FILTERS["key"]: tuple(sorted(seen))}

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is in use."""
        return any(getattr(self, name) for name in FILTERS)

    @property
    def previous(self) -> "Selection":
        """The same filters over the period of equal length just before."""
        return replace(self, timeframe=self.timeframe.previous)

    def over(self, timeframe: Timeframe) -> "Selection":
        """The same filters over another timeframe."""
        return replace(self, timeframe=timeframe)

    def params(self) -> list[tuple[str, str]]:
        """The selection as link parameters; `from_params` reads them back."""
        frame = self.timeframe
        edges = [("from", _instant(frame.start)), ("to", _instant(frame.end)), ("tz", frame.zone)]
        return edges + [(name, value) for name in FILTERS for value in getattr(self, name)]

    @property
    def query(self) -> str:
        """The same as the query of a link."""
        return urlencode(self.params())

    @classmethod
    def from_params(cls, params: Iterable[tuple[str, str]]) -> "Selection":
        """A selection from link parameters.

        Raises:
            SelectionError: a parameter is missing, unknown, given twice or not understood.
        """
        found: dict[str, list[str]] = {}
        for name, value in params:
            found.setdefault(name, []).append(value)
        unknown = sorted(set(found) - {"from", "to", "tz", *FILTERS})
        if unknown:
            raise SelectionError(f"Unknown parameter: {', '.join(name[:60] for name in unknown)}.")
        zone = _single(found, "tz", "UTC")
        start, end = (_edge(found, name, zone) for name in ("from", "to"))
        filters = {name: tuple(found.get(name, ())) for name in FILTERS}
        return cls(Timeframe(start, end, zone), **filters)


def _single(found: Mapping[str, Sequence[str]], name: str, default: str | None = None) -> str:
    values = found.get(name, [default] if default is not None else [])
    if len(values) != 1 or not values[0]:
        raise SelectionError(f"Give the parameter {name!r} once.")
    return values[0]


def _edge(found: Mapping[str, Sequence[str]], name: str, zone: str) -> datetime:
    value = _single(found, name)
    try:
        return parse_edge(value, zone)
    except SelectionError as error:
        raise SelectionError(f"The parameter {name!r} is not understood. {error}") from None


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")

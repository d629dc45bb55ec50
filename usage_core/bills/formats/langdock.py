"""Langdock's usage export by API key, or by API key and model.

Its bounds are moments with an offset each: the zone is the one whose midnights they are. An end just
before midnight, or a mere day, is the last day of the period.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields
from usage_core.bills.format import Line
from usage_core.bills.tables import TableFormat
from usage_core.timeframe import zone_names

ZONES = ("UTC", "Europe/Berlin", *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours))
"""Tried before all others, in this order."""


def _lines(row: Fields) -> Iterator[Line]:
    first, until, zone = _period(row)
    sent, received = row.whole("sum_prompt_tokens"), row.whole("sum_completion_tokens")
    yield Line(
        number=row.number,
        first=first,
        until=until,
        amount=row.needed(row.amount("total_cost_usd"), "total_cost_usd", "an amount such as 0.05"),
        provider="Langdock",
        currency="USD",
        model=row.text("model", "model_name", "name"),
        key=row.text("api_key_id"),
        key_name=row.text("api_key_name"),
        quantity=None if sent is None or received is None else sent + received,
        requests=row.whole("requests"),
        account=row.text("org_id"),
        zone=zone,
    )


def _period(row: Fields) -> tuple[date, date, str]:
    first, until = _moment(row, "period_start"), _moment(row, "period_end")
    if len(row.text("period_end") or "") == len("2026-10-31"):
        until += DAY
    if (until.hour, until.minute, until.second) == (23, 59, 59):
        until = until.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for name, moment in (("period_start", first), ("period_end", until)):
        if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
            raise row.refuse(name, "the beginning or the end of a day")
    if until <= first:
        raise row.refuse("period_end", f"a day from {first.date()} on")
    zone = _zone(first, until)
    if zone is None:
        raise row.refuse("period_end", "the end of a day of the same time zone as period_start")
    return first.date(), until.date(), zone


def _moment(row: Fields, name: str) -> datetime:
    """A moment with its offset; one without is UTC."""
    try:
        moment = datetime.fromisoformat(row.text(name) or "")
    except ValueError:
        raise row.refuse(name, "a moment such as 2026-10-01T00:00:00+02:00") from None
    if not 2015 <= moment.year < 2099:
        raise row.refuse(name, "a moment from 2015 to 2098")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def _zone(first: datetime, until: datetime) -> str | None:
    """The first zone in which both are midnight with the offset they have."""
    local = [(each.replace(tzinfo=None), each.utcoffset()) for each in (first, until)]
    for name in (*ZONES, *zone_names()):
        zone = ZoneInfo(name)
        if all(naive.replace(tzinfo=zone).utcoffset() == offset for naive, offset in local):
            return name
    return None


FORMAT = TableFormat(
    name="langdock",
    label="Langdock usage by API key (CSV)",
    headings=("period_start", "period_end", "org_id", "api_key_id", "total_cost_usd"),
    amount="total_cost_usd",
    lines=_lines,
)

"""Calls to ask about, and what every figure of them is, worked out in plain Python."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import strategies as st

from usage_core.metrics.answer import ask
from usage_core.metrics.question import Question
from usage_core.metrics.sources import OTHER
from usage_core.schema import EXPORT_COLUMNS, usd
from usage_core.store.tables import CALLS
from usage_core.text_guard import guard

Row = dict[str, Any]

KEYS = ("key-a", "key-b", "' OR 1=1 --", "$1")
MODELS = ("small", "%", ":x", "Großes 模型")
PROVIDERS = (None, "openai", '"; DROP TABLE calls; --')


PRICES = st.none() | st.decimals(0, 999_999, places=6)


def call(called_at: datetime, **given: Any) -> Row:
    """A row of the table of calls, at a naive UTC time."""
    row = {column.name: None for column in CALLS.columns}
    row |= {"called_at": called_at, "api_key_id": "key-a", "model": "small", "kind": "completion"}
    row |= {"cost_basis": "row", "status": "unknown", "source": "test", "import_id": "test"}
    row |= given
    return row | {"model_name": row["model"], "provider_name": row["provider"]}


def calls(start: datetime, end: datetime, most: int = 12) -> st.SearchStrategy[list[Row]]:
    """A few calls from start to end, many of them at the same times, with holes in them."""
    some = st.integers(0, 40) | st.integers(0, 10**15)
    maybe = st.none() | some
    row = st.builds(
        call,
        st.datetimes(start, end) | st.sampled_from((start, end, start + (end - start) / 2)),
        api_key_id=st.sampled_from(KEYS),
        api_key_name=st.none() | st.sampled_from(("Anna", "Bot")),
        provider=st.sampled_from(PROVIDERS),
        model=st.sampled_from(MODELS),
        kind=st.sampled_from(("completion", "embedding", "other")),
        input_tokens=maybe,
        output_tokens=maybe,
        completion_time_ms=st.none() | st.integers(0, 5) | st.integers(0, 10**6),
        input_price=PRICES,
        output_price=PRICES,
        cache_read_tokens=maybe,
        cache_write_tokens=maybe,
        cache_write_1h_tokens=maybe,
        cost_pico=st.none() | some | st.integers(2**62, 2**63 - 1),
    )
    return st.lists(row, max_size=most)


def as_log(rows: Iterable[Row]) -> str:
    """Calls as a file to import, in the form of an export."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.label for column in EXPORT_COLUMNS])
    writer.writerows([_written(row[column.name]) for column in EXPORT_COLUMNS] for row in rows)
    return text.getvalue()


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return (
        ""
        if value is None
        else guard(value)
        if isinstance(value, str)
        else f"{value:f}"
        if isinstance(value, Decimal)
        else str(value)
    )


@contextmanager
def held(engine: sa.Engine, rows: Sequence[Row]) -> Iterator[sa.Connection]:
    """A connection on a store that holds these calls and no others, until it is let go of."""
    with engine.connect() as connection:
        held_for_now = connection.begin()
        if rows:
            native: Any = connection.connection.driver_connection
            native.register("made", pa.Table.from_pylist(list(rows)))
            connection.execute(sa.text("INSERT INTO calls BY NAME SELECT * FROM made"))
            native.unregister("made")
        yield connection
        held_for_now.rollback()


def _sum(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _nearest_rank(times: Iterable[int | None], percent: int) -> int | None:
    known = sorted(time for time in times if time is not None)
    return known[-(-percent * len(known) // 100) - 1] if known else None


def _tokens(row: Row) -> int | None:
    return _sum((row["input_tokens"], row["output_tokens"]))


def figures(rows: Sequence[Row]) -> dict[str, int | Decimal | None]:
    """Every figure of some calls; what nothing is known of is None."""
    times = [row["completion_time_ms"] for row in rows]
    priced = [row for row in rows if row["cost_pico"] is not None]
    timed = [row for row in rows if row["output_tokens"] is not None and row["completion_time_ms"]]
    spoken = _sum(row["output_tokens"] for row in timed), _sum(row["completion_time_ms"] for row in timed)
    priced_tokens = _sum((_tokens(row) or 0) for row in priced)
    cost = _sum(row["cost_pico"] for row in rows)
    return {
        "calls": len(rows),
        "cost_usd": None if cost is None else usd(cost),
        "input_tokens": _sum(row["input_tokens"] for row in rows),
        "output_tokens": _sum(row["output_tokens"] for row in rows),
        "tokens": _sum(map(_tokens, rows)),
        "unpriced_calls": sum(row["cost_pico"] is None for row in rows),
        "untimed_calls": sum(time is None for time in times),
        "p50_ms": _nearest_rank(times, 50),
        "p90_ms": _nearest_rank(times, 90),
        "p95_ms": _nearest_rank(times, 95),
        "p99_ms": _nearest_rank(times, 99),
        "active_keys": len({row["api_key_id"] for row in rows}),
        "max_ms": _nearest_rank(times, 100),
        "input_cost_usd": _usd(_cost(row, "input") for row in priced),
        "output_cost_usd": _usd(_cost(row, "output") for row in priced),
        "cache_read_tokens": _sum(row["cache_read_tokens"] for row in rows),
        "cache_write_tokens": _sum(row["cache_write_tokens"] for row in rows),
        "cache_write_1h_tokens": _sum(row["cache_write_1h_tokens"] for row in rows),
        "priced_calls": len(priced),
        "priced_tokens": priced_tokens,
        "timed_output_tokens": spoken[0],
        "timed_output_ms": spoken[1],
        "cost_per_call": usd(cost or 0) / len(priced) if priced else None,
        "cost_per_million_tokens": usd(cost or 0) * 1_000_000 / priced_tokens if priced_tokens else None,
        "output_tokens_per_s": Decimal(spoken[0] or 0) * 1_000 / spoken[1] if spoken[1] else None,
    }


def _cost(row: Row, part: str) -> int | None:
    tokens, price = row[f"{part}_tokens"], row[f"{part}_price"]
    return None if tokens is None or price is None else tokens * int(price * 1_000_000)


def _usd(amounts: Iterable[int | None]) -> Decimal | None:
    total = _sum(amounts)
    return None if total is None else usd(total)


def local(row: Row, zone: str) -> datetime:
    """When a zone's clocks showed the call."""
    instant: datetime = row["called_at"].replace(tzinfo=UTC)
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _bin(row: Row) -> int | None:
    time = row["completion_time_ms"]
    return None if time is None else math.floor(math.log2(max(time, 1)) * 4)


GROUPS: dict[str, Callable[[Row, str], Any]] = {
    "key": lambda row, _zone: row["api_key_id"],
    "provider": lambda row, _zone: row["provider_name"],
    "model": lambda row, _zone: row["model_name"],
    "kind": lambda row, _zone: row["kind"],
    "hour": lambda row, zone: local(row, zone).replace(minute=0, second=0, microsecond=0),
    "day": lambda row, zone: _day(local(row, zone)),
    "week": lambda row, zone: _day(local(row, zone)) - timedelta(days=local(row, zone).weekday()),
    "month": lambda row, zone: _day(local(row, zone)).replace(day=1),
    "weekday": lambda row, zone: local(row, zone).isoweekday(),
    "hour_of_day": lambda row, zone: local(row, zone).hour,
    "time_bin": lambda row, _zone: _bin(row),
}
"""What a call is counted under, by the name of the breakdown."""


def grouped(rows: Sequence[Row], question: Question) -> dict[tuple[Any, ...], list[Row]]:
    """The calls of a question's groups."""

    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        group = [GROUPS[name](row, question.selection.timeframe.zone) for name in question.by]
        if question.keep is not None and (group[-1] or "") not in question.keep:
            group[-1] = OTHER
        groups.setdefault(tuple(group), []).append(row)
    return groups


def answered(connection: sa.Connection, question: Question) -> dict[tuple[Any, ...], dict[str, Any]]:
    """An answer as group -> figure -> amount."""
    frame = ask(connection, question)
    records = frame.to_dict("records")
    found = {tuple(_plain(record[name]) for name in question.by): record for record in records}
    assert len(found) == len(frame), "a group appears twice"
    return {group: {name: record[name] for name in question.metrics} for group, record in found.items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    return int(value) if isinstance(value, float) and not math.isnan(value) else value

"""Logs and bills made for tests: calls, and the bill a provider would send for them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from usage_core.bills.explain import Gathered

FIRST = datetime(2026, 10, 1)  # noqa: DTZ001 - days have no zone of their own
DAYS = 6
DAY = timedelta(days=1)
CLASSES = ("input", "read", "output")
NAMES = {"input": "input", "read": "cache read", "output": "output"}
PRICES = {
    "big": {"input": 2_500_000, "read": 1_250_000, "output": 10_000_000},
    "small": {"input": 150_000, "read": 75_000, "output": 600_000},
    "other": {"input": 1_100_000, "read": 550_000, "output": 4_400_000},
}
"""Pico-USD per token."""


@dataclass(frozen=True)
class Made:
    """A call: when, of which model and key, and its tokens of each class."""

    at: datetime
    model: str
    key: str
    tokens: dict[str, int]


@dataclass(frozen=True)
class Billed:
    """A line of a bill."""

    day: datetime
    model: str | None
    key: str | None
    cls: str | None
    tokens: int | None
    usd: Decimal
    charge: str = "usage"
    line: int = 0
    decimals: int = 12
    known: bool = True
    days: int = 1
    requests: int | None = None


@dataclass
class Books:
    """A log, and the bill for it."""

    calls: list[Made] = field(default_factory=list)
    lines: list[Billed] = field(default_factory=list)


def cost(call: Made, name: str) -> Decimal:
    return Decimal(call.tokens[name] * PRICES[call.model][name]).scaleb(-12)


def bill_of(calls: Iterable[Made], *, later: int = 0) -> list[Billed]:
    """A line for each day, model, key and class; days begin so many hours later."""
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for call in calls:
        moved = call.at - timedelta(hours=later)
        day = datetime(moved.year, moved.month, moved.day)  # noqa: DTZ001
        if FIRST <= day < FIRST + DAYS * DAY:
            for name in CLASSES:
                if call.tokens[name]:
                    one = sums[day, call.model, call.key, NAMES[name]]
                    one[0] += call.tokens[name]
                    one[1] += cost(call, name)
    return [Billed(*group, *totals) for group, totals in sorted(sums.items())]


def call_table(calls: Iterable[Made], hours: int, unpriced: frozenset[str]) -> pa.Table:
    """What `call_sums` would find."""
    sums: dict[tuple[Any, ...], dict[str, int]] = {}
    for call in calls:
        moved = call.at - timedelta(hours=hours)
        day = datetime(moved.year, moved.month, moved.day)  # noqa: DTZ001
        if not FIRST <= day < FIRST + DAYS * DAY:
            continue
        one = sums.setdefault((day, call.model, call.key), defaultdict(int))
        one["calls"] += 1
        one["unpriced_calls"] += call.model in unpriced
        for name in CLASSES:
            one[f"{name}_tokens"] += call.tokens[name]
            if call.model in unpriced:
                one[f"{name}_unpriced"] += call.tokens[name]
            else:
                one[f"{name}_cost"] += call.tokens[name] * PRICES[call.model][name]
    names = ["calls", "unpriced_calls", "untold_tokens", "other_cost", "other_tokens"]
    names += [
        f"{one}_{what}" for one in (*CLASSES, "write", "write_1h") for what in ("cost", "tokens", "unpriced")
    ]
    types = [("day", pa.timestamp("us")), ("model", pa.string()), ("key", pa.string())]
    schema = pa.schema(types + [(name, pa.decimal128(38, 0)) for name in names])
    rows = [
        dict(zip(("day", "model", "key"), group, strict=True)) | {name: Decimal(one[name]) for name in names}
        for group, one in sums.items()
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def line_table(lines: Iterable[Billed]) -> pa.Table:
    """What `gather` would find of the lines."""
    texts = ("bill_id", "file_name", "charge", "model", "billed_model", "key", "billed_key", "project", "cls")
    schema = pa.schema(
        [(name, pa.string()) for name in (*texts, "description")]
        + [
            ("line", pa.int64()),
            ("quantity", pa.int64()),
            ("requests", pa.int64()),
            ("key_known", pa.bool_()),
        ]
        + [(name, pa.timestamp("us")) for name in ("first_day", "until_day")]
        + [(name, pa.decimal128(38, 18)) for name in ("usd", "bound")]
    )
    rows = [
        {
            "bill_id": "b",
            "file_name": "bill.csv",
            "line": number,
            "first_day": line.day,
            "until_day": line.day + line.days * DAY,
            "charge": line.charge,
            "model": line.model,
            "billed_model": line.model,
            "key": line.key,
            "billed_key": line.key,
            "key_known": line.known,
            "cls": line.cls,
            "quantity": line.tokens,
            "requests": line.requests,
            "usd": line.usd,
            "bound": Decimal(5).scaleb(-line.decimals - 1),
        }
        for number, line in enumerate(lines, 2)
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def gathered(books: Books, unpriced: Iterable[str] = ()) -> Gathered:
    """A log and a bill as `explain` takes them."""
    without = frozenset(unpriced)
    hours = [
        {
            "hour": call.at.replace(minute=0, second=0),
            "model": call.model,
            "cost": Decimal(0 if call.model in without else sum(
                call.tokens[name] * PRICES[call.model][name] for name in CLASSES
            )),
        }
        for call in books.calls
    ]  # fmt: skip
    schema = pa.schema([("hour", pa.timestamp("us")), ("model", pa.string()), ("cost", pa.decimal128(38, 0))])
    return Gathered(
        lines=line_table(books.lines),
        hours=pa.Table.from_pylist(hours, schema=schema),
        days=tuple(FIRST + n * DAY for n in range(DAYS)),
        calls_at=lambda later: call_table(books.calls, later, without),
    )


def cents(line: Billed) -> Billed:
    """A line with its amount rounded to cents."""
    return replace(line, usd=round(line.usd, 2), decimals=2)

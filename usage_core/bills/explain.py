"""The difference between a bill and the log, split into parts that add up to it exactly.

Works on what `gather` found, in a database of its own in memory: the joins are of bill lines and sums.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from usage_core.bills import steps
from usage_core.bills.parts import BESIDE, CHARGES, Finding, Part

MOST_FINDINGS = 100_000
"""So many places are named, those of the largest amounts; the parts hold all."""

_NO_DAY = datetime(1970, 1, 1)  # noqa: DTZ001 - days have no zone of their own


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of a provider's period; columns as `gather` makes them.

    `calls_at` gives the sums of the calls by days that begin so many hours later.
    """

    lines: pa.Table
    hours: pa.Table
    days: tuple[datetime, ...]
    calls_at: Callable[[int], pa.Table]


@dataclass(frozen=True, slots=True)
class Grain:
    """How finely the bill's lines of a model ("" for all) could be matched with the calls."""

    model: str
    by_day: bool
    by_class: bool
    by_key: bool

    @property
    def words(self) -> str:
        """As "day × model × token class"."""
        parts = ["day" if self.by_day else "period", *(["model"] if self.model else [])]
        parts += ["token class"] if self.by_class else []
        return " × ".join(parts + (["key"] if self.by_key else []))


@dataclass(frozen=True, slots=True)
class Explained:
    """Billed and computed in USD, and what leads from one to the other."""

    billed: Decimal
    computed: Decimal
    calls: int
    unpriced_calls: int
    parts: dict[Part, Decimal]
    """In the order of `Part`; the parts add up to billed − computed."""
    findings: tuple[Finding, ...]
    """Where the parts come from, the largest amounts first."""
    grains: tuple[Grain, ...]
    hours: int
    """So many hours later than said the bill's days begin."""
    rounding: Decimal
    """At most so much can rounding make up."""
    behind: pa.Table = field(compare=False)
    """The lines of bills behind each part: `part`, `bill_id`, `line`, `charge`."""

    @property
    def difference(self) -> Decimal:
        """Billed − computed."""
        return self.billed - self.computed

    @property
    def judged(self) -> Decimal:
        """The difference without what the log cannot hold: other services, credits, taxes and fees."""
        return self.difference - sum((self.parts[part] for part in BESIDE if part in self.parts), Decimal(0))


def explain(found: Gathered) -> Explained:
    """Split a difference into its parts."""
    with _database() as run:
        calls = found.calls_at(0)
        run.register("given_lines", found.lines)
        run.register("given_calls", calls)
        run.register("moved_calls", calls)
        if run.execute(steps.IS_NET).fetchone()[0]:
            run.register("given_lines", run.execute(steps.NET).to_arrow_table())
        run.register("given_hours", found.hours)
        charges = {
            "charge": [str(each) for each in CHARGES],
            "part": [str(part) for part in CHARGES.values()],
        }
        run.register("given_charges", pa.table(charges))
        run.register("given_days", pa.table({"days": pa.array([found.days], pa.list_(pa.timestamp("us")))}))
        run.execute(steps.PREPARE)
        hours = _offset(run)
        if hours:
            run.register("moved_calls", found.calls_at(hours))
            run.execute("DROP TABLE line; DROP TABLE long; DROP TABLE grain;" + steps.PREPARE)
        for step in (steps.CELLS, steps.WITHOUT_COPIES, steps.GROUPS, steps.FOUND):
            run.execute(step)
        return _explained(run, hours)


@contextmanager
def _database() -> Iterator[Any]:
    run = duckdb.connect(":memory:", config={"threads": 2, "python_enable_replacements": False})
    try:
        run.execute(steps.MACROS)
        yield run
    finally:
        run.close()


def _offset(run: Any) -> int:
    """By how many hours the bill's days begin later; 0 unless that explains most of what is off by day."""
    tried = run.execute(steps.OFFSETS).fetchall()
    if not tried:
        return 0
    as_said = next(off for hours, off in tried if hours == 0)
    hours, off = tried[0][:2]
    return int(hours) if 2 * off <= as_said else 0


def _explained(run: Any, hours: int) -> Explained:
    def one(sql: str) -> Decimal:
        return Decimal(run.execute(sql).fetchone()[0] or 0)

    totals = dict(run.execute("SELECT part, sum(usd) FROM found GROUP BY part").fetchall())
    names = ("model", "by_day", "by_class", "by_key")
    grains = run.execute(f"SELECT {', '.join(names)} FROM grain ORDER BY model").fetchall()  # noqa: S608
    return Explained(
        billed=one("SELECT sum(usd) FROM line"),
        computed=one("SELECT sum(usd(cost))::DECIMAL(38, 18) FROM long WHERE NOT moved"),
        calls=int(one("SELECT sum(calls) FROM long WHERE NOT moved")),
        unpriced_calls=int(one("SELECT sum(unpriced_calls) FROM long WHERE NOT moved")),
        parts={part: totals[part] for part in Part if totals.get(part)},
        findings=_findings(run),
        grains=tuple(Grain(*row) for row in grains),
        hours=hours,
        rounding=one("SELECT sum(bound) FROM line WHERE charge = 'usage'"),
        behind=run.execute(steps.BEHIND).to_arrow_table(),
    )


def _findings(run: Any) -> tuple[Finding, ...]:
    rows: Sequence[tuple[Any, ...]] = run.execute(
        "SELECT part, usd, day, model, key, cls, billed, computed, quantity, tokens, lines FROM found "
        "ORDER BY abs(usd) DESC, part, day, model, key, cls LIMIT $1",
        [MOST_FINDINGS],
    ).fetchall()
    return tuple(map(_finding, rows))


def _finding(row: tuple[Any, ...]) -> Finding:
    part, usd, day, model, key, token_class, billed, computed, quantity, tokens, lines = row
    return Finding(
        Part(part),
        usd,
        None if day == _NO_DAY else day,
        model or None,
        key or None,
        token_class or None,
        billed,
        computed,
        None if quantity is None else int(quantity),
        None if tokens is None else int(tokens),
        lines,
    )

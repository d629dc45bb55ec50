"""How long a bill of thousands of lines takes against millions of calls, and whether every fault is found.

    python -m benchmarks.reconcile [--calls 2000000] [--json FILE]

A store of made-up calls of a month that read half of their input from a cache and are priced by the
catalogue, and a right bill of the provider with the most models, by day, model, token class and key, into
which faults are put whose amounts are known: a wrong price, lines billed twice, calls that the log does not
have, calls that are not billed, tokens read from the cache billed as input, and a credit.
The second bill is of another provider, right, with days that begin eight hours late. Processor seconds are
those of this process.
"""

import csv
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import printed
from usage_core.bills import periods
from usage_core.bills.conclude import Reconciled
from usage_core.bills.formats.plain import HEADER
from usage_core.bills.parts import Part
from usage_core.bills.storing import take
from usage_core.intake import repricing
from usage_core.intake.pricing import FALLS_INTO, price_list
from usage_core.sample.into_store import fill
from usage_core.store import rollups
from usage_core.store.lake import Lake, open_lake

MONTH, SEED = date(2026, 10, 1), 7
START, UNTIL = datetime(2026, 9, 27, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)
LATE_HOURS = 8
CREDIT = Decimal(-25)

_CACHED = """
    UPDATE lake.calls SET cache_read_tokens = input_tokens // 2, cost_basis = 'unknown', cost_pico = NULL,
        input_price = NULL, output_price = NULL
    WHERE output_tokens IS NOT NULL
"""

_LINES = f"""
    SELECT provider_name, strftime(day, '%Y-%m-%d'), model_name, class, api_key_id, sum(tokens)::BIGINT,
        sum(tokens::HUGEINT * (price * 1000000)::HUGEINT)::VARCHAR
    FROM (
        SELECT c.*, date_trunc('day', called_at - to_hours($2)) AS day, unnest([
            {{'class': 'input', 'tokens': input_tokens - coalesce(cache_read_tokens, 0),
              'price': p.input_price}},
            {{'class': 'cache read', 'tokens': cache_read_tokens,
              'price': coalesce(p.cache_read_price, p.input_price)}},
            {{'class': 'output', 'tokens': output_tokens, 'price': p.output_price}}], recursive := true)
        FROM lake.calls c JOIN month_prices p ON {FALLS_INTO.format(names="c", call="c")}
        WHERE c.provider_name = $1 AND cost_pico IS NOT NULL)
    WHERE tokens > 0 AND day >= '2026-10-01' AND day < '2026-11-01' GROUP BY ALL ORDER BY ALL
"""  # noqa: S608


@dataclass(frozen=True)
class BillLine:
    provider: str
    day: str
    model: str
    cls: str
    key: str
    tokens: int
    usd: Decimal
    charge: str = "usage"

    def fields(self) -> list[str]:
        last = "2026-10-31" if self.charge != "usage" else ""
        tokens = str(self.tokens or "")
        start = [self.provider, self.day, last, self.model, self.cls, self.key, tokens, ""]
        return [*start, self.charge, f"{self.usd:f}", "USD", "UTC", ""]


def billed(lake: Lake, provider: str, late: int = 0) -> list[BillLine]:
    """The right lines of a provider, by days that begin so many hours late."""
    with lake.reading() as connection:
        native: Any = connection.connection.driver_connection
        native.register("month_prices", _prices(native, provider))
        rows = native.execute(_LINES, [provider, late]).fetchall()
        native.unregister("month_prices")
    return [BillLine(*row[:-1], Decimal(row[-1]).scaleb(-12)) for row in rows]


def _prices(native: Any, provider: str) -> pa.Table:
    asked = "SELECT DISTINCT model_name FROM lake.calls WHERE provider_name = $1"
    models = native.execute(asked, [provider]).fetchall()
    return price_list([(provider, model, None) for (model,) in models], ())


def with_faults(lines: list[BillLine]) -> tuple[list[BillLine], dict[Part, Decimal]]:
    """A bill with a fault of each kind, each in a model of its own, and what should be found."""
    models = list(dict.fromkeys(line.model for line in lines))
    wrong = dict(zip(("price", "twice", "unseen", "unbilled", "cache"), models, strict=False))
    found: dict[Part, Decimal] = {}
    made: list[BillLine] = []
    read: dict[tuple[str, str], BillLine] = {}
    """Lines of tokens read from a cache, which come before those of input."""

    def blame(part: Part, usd: Decimal) -> None:
        found[part] = found.get(part, Decimal(0)) + usd

    for line in lines:
        day, model = int(line.day[-2:]), line.model
        if model == wrong.get("price") and line.cls == "output":
            made.append(replace(line, usd=line.usd * Decimal("1.5")))
            blame(Part.PRICE, line.usd / 2)
        elif model == wrong.get("twice") and day == 10:
            made += [line, line]
            blame(Part.TWICE, line.usd)
        elif model == wrong.get("unseen") and day == 5:
            made.append(replace(line, tokens=2 * line.tokens, usd=2 * line.usd))
            blame(Part.NO_CALLS, line.usd)
        elif model == wrong.get("unbilled") and day == 20:
            blame(Part.NOT_BILLED, -line.usd)
        elif model == wrong.get("cache") and line.cls != "output":
            blame(Part.CACHE, _read_as_input(line, made, read))
        else:
            made.append(line)
    made.append(BillLine(lines[0].provider, "2026-10-01", "", "", "", 0, CREDIT, "credit"))
    return made, found | {Part.CREDIT: CREDIT}


def _read_as_input(line: BillLine, made: list[BillLine], read: dict[tuple[str, str], BillLine]) -> Decimal:
    """Charge tokens read from the cache as input; gives what that costs more."""
    at = (line.day, line.key)
    if line.cls == "cache read":
        read[at] = line
        return Decimal(0)
    cached = read.pop(at, None)
    if cached is None:
        made.append(line)
        return Decimal(0)
    more = line.usd * cached.tokens / line.tokens
    made.append(replace(line, tokens=line.tokens + cached.tokens, usd=line.usd + more))
    return more - cached.usd


def spent(work: Callable[[], Any]) -> tuple[Any, float]:
    """What something gives, and its processor seconds."""
    start = time.process_time()
    return work(), time.process_time() - start


def _reconciled(lake: Lake, provider: str) -> Reconciled:
    with lake.reading() as connection:
        found = periods.reconcile(connection, provider, MONTH)
    assert found and found.explained
    return found


def checked(lake: Lake, home: Path, lines: list[BillLine], expected: dict[Part, Decimal]) -> dict[str, Any]:
    """Take a bill, reconcile it, and hold what is found against what was put into it."""
    path = home / f"{lines[0].provider}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER.split(","), *(line.fields() for line in lines)])
    _, took = spent(lambda: take(lake, path, by="benchmark"))
    found, seconds = spent(lambda: _reconciled(lake, lines[0].provider))
    explained = found.explained
    assert explained
    assert sum(explained.parts.values()) == explained.difference
    parts = {*explained.parts, *expected} - {Part.ROUNDING}
    none = Decimal(0)
    off = {
        str(part): str(explained.parts.get(part, none) - expected.get(part, none))
        for part in parts
        if abs(explained.parts.get(part, none) - expected.get(part, none)) >= Decimal("0.005")
    }
    return {
        "provider": lines[0].provider,
        "lines": len(lines),
        "calls": explained.calls,
        "taken_cpu_s": took,
        "reconciled_cpu_s": seconds,
        "parts": {str(part): str(usd) for part, usd in explained.parts.items()},
        "off_by_a_cent_or_more": off,
    }


def measure(calls: int) -> dict[str, Any]:
    """Make the store and the bills, and check them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lake = open_lake(home / "store")
        fill(lake, calls=calls, days=35, seed=SEED, until=UNTIL)
        priced = _priced_anew(lake)
        with lake.reading() as connection:
            months = [each for each in periods.months(connection) if each.month == MONTH]
        bills = sorted((billed(lake, each.provider) for each in months), key=_models, reverse=True)
        faulty = checked(lake, home, *with_faults(bills[0]))
        late = billed(lake, bills[1][0].provider, LATE_HOURS)
        ours = sum((line.usd for line in bills[1]), Decimal(0))
        shift = sum((line.usd for line in late), Decimal(0)) - ours
        shifted = checked(lake, home, late, {Part.SHIFT: shift})
        _, overview = spent(lambda: _months(lake))
        lake.close()
    return {"calls": calls, **priced, "months_cpu_s": overview, "bills": [faulty, shifted]}


def _priced_anew(lake: Lake) -> dict[str, float]:
    """Let half of the input be read from a cache, and all calls be priced by the catalogue."""
    with lake.writing() as connection:
        connection.exec_driver_sql(_CACHED)
        rollups.renew(connection, "UTC", START.replace(tzinfo=None), UNTIL.replace(tzinfo=None))
    _, looked = spent(lambda: repricing.preview(lake))
    _, took = spent(lambda: repricing.apply(lake))
    _, undone = spent(lambda: repricing.undo(lake, 1))
    repricing.apply(lake)
    return {"preview_cpu_s": looked, "priced_cpu_s": took, "undone_cpu_s": undone}


def _models(lines: list[BillLine]) -> tuple[int, int]:
    return len({line.model for line in lines}), len(lines)


def _months(lake: Lake) -> None:
    with lake.reading() as connection:
        periods.months(connection)


def main() -> None:
    """Measure and print."""
    given = printed.asked(__doc__, calls=2_000_000).parse_args()
    found = measure(given.calls)
    said = [
        f"{bill['provider']}: {bill['lines']:,} lines against {bill['calls']:,} calls: taken in "
        f"{bill['taken_cpu_s']:.1f}, reconciled in {bill['reconciled_cpu_s']:.1f} processor seconds; "
        f"parts {bill['parts']}; off by a cent or more: {bill['off_by_a_cent_or_more'] or 'nothing'}"
        for bill in found["bills"]
    ]
    said.append(
        f"Pricing all calls anew: looked at in {found['preview_cpu_s']:.1f}, done in "
        f"{found['priced_cpu_s']:.1f}, undone in {found['undone_cpu_s']:.1f} processor seconds"
    )
    overview = f"All provider months at a glance: {found['months_cpu_s']:.1f} processor seconds"
    printed.show(printed.machine(), f"{found['calls']:,} calls in the store", *said, overview)
    printed.write(given.json, found)


if __name__ == "__main__":
    main()

"""Pricing calls anew by the price rules in force: what would change, changing it, and taking that back.

Only calls that came without a price of their own are priced anew; what a row or its source said stays. A
call keeps the prices that were replaced, so a repricing can be undone even where the catalogue that they came
from is gone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeAlias

import sqlalchemy as sa

from usage_core.intake import repricings
from usage_core.intake.listed import Run, listed, run_on
from usage_core.intake.pricing import FALLS_INTO, cost
from usage_core.intake.repricings import CHANGES, Change, Repricing
from usage_core.schema import CostBasis
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone

OURS = (CostBasis.OVERRIDE, CostBasis.CATALOGUE, CostBasis.UNKNOWN)
"""Costs that were worked out here, or are unknown."""

Report = Callable[[float], None]
"""Called with how much is done, 0 to 1."""

Month: TypeAlias = tuple[datetime, datetime]
"""Its first moment and that of the next."""

_BASIS = ", ".join(f"'{basis}'" for basis in OURS)
_COST = cost("c", "c.kind")
_NEW = f"""
    SELECT c.rowid AS row, c.called_at, c.api_key_id, c.import_id, c.replaced[-1].repricing AS repricing,
        c.cost_pico AS old_cost, c.cost_basis AS old_basis, {_COST} AS new_cost,
        CASE WHEN {_COST} IS NULL THEN '{CostBasis.UNKNOWN}' ELSE p.basis END AS new_basis,
        CASE WHEN {_COST} IS NOT NULL THEN p.input_price END AS new_input_price,
        CASE WHEN {_COST} IS NOT NULL THEN p.output_price END AS new_output_price
    FROM lake.calls c JOIN temp.main.price_list p ON {FALLS_INTO.format(names="c", call="c")}
    WHERE c.cost_basis IN ({_BASIS}) AND c.called_at >= $1 AND c.called_at < $2
"""
_CHANGED = f"SELECT * FROM ({_NEW}) WHERE old_cost IS DISTINCT FROM new_cost OR old_basis <> new_basis"

_REPRICE = """
    UPDATE lake.calls SET cost_pico = r.new_cost, cost_basis = r.new_basis,
        input_price = r.new_input_price, output_price = r.new_output_price,
        replaced = list_append(replaced, {'repricing': $3::BIGINT, 'cost_pico': cost_pico,
            'cost_basis': cost_basis, 'input_price': input_price, 'output_price': output_price})
    FROM temp.main.repriced r
    WHERE calls.rowid = r.row AND calls.called_at >= $1 AND calls.called_at < $2
"""

_WHOSE = "called_at >= $1 AND called_at < $2 AND replaced[-1].repricing = $3"
_TAKEN_BACK = f"""
    SELECT called_at, api_key_id, cost_pico AS old_cost, replaced[-1].cost_pico AS new_cost
    FROM lake.calls WHERE {_WHOSE}
"""
_UNDO = f"""
    UPDATE lake.calls SET cost_pico = replaced[-1].cost_pico, cost_basis = replaced[-1].cost_basis,
        input_price = replaced[-1].input_price, output_price = replaced[-1].output_price,
        replaced = CASE WHEN len(replaced) > 1 THEN replaced[:-2] END
    WHERE {_WHOSE}
"""

_VERSIONS = """
    SELECT string_agg(DISTINCT version, ', ' ORDER BY version) FROM (
        SELECT coalesce(r.catalogue_version, i.catalogue_version) AS version
        FROM temp.main.priced_before b
        LEFT JOIN lake.repricings r ON r.number = b.repricing
        LEFT JOIN lake.imports i ON i.import_id = b.import_id)
"""
"""The versions of the catalogue that calls were priced by: when last priced anew, else when imported."""

_INSTANT = timedelta(microseconds=1)
_EVER = (datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - the store's instants are naive UTC


def preview(lake: Lake) -> list[Change]:
    """What pricing anew would change; nothing is changed."""
    with lake.reading() as connection, listed(connection, OURS) as run:
        return [repricings.change(row) for row in run(CHANGES.format(calls=_CHANGED), *_EVER)]


def apply(lake: Lake, report: Report = lambda _part: None, by: str | None = None) -> int:
    """Price anew, all in one transaction, and record it with who did; gives the number of calls changed.
    Readers see them before or after, never in between."""
    with lake.writing() as connection, listed(connection, OURS) as run:
        number = repricings.next_number(connection)
        with _changes(run, _CHANGED, *_EVER) as months:
            if not months:
                return 0
            run("CREATE OR REPLACE TEMP TABLE priced_before(import_id VARCHAR, repricing BIGINT)")
            changed = sum(_reprice(run, number, month) for month in _reported(months, report))
            [[versions]] = run(_VERSIONS)
            repricings.record(run, number, by, versions or "")
            run("DROP TABLE temp.main.priced_before")
            _renew(connection, run)
    return changed


def undo_preview(lake: Lake, number: int) -> list[Change]:
    """What undoing a repricing would change of the calls that are still there; nothing is changed.

    Raises:
        UndoRefused: it cannot be undone.
    """
    with lake.reading() as connection:
        asked = _calls_of(repricings.undoable(connection, number))
        found = run_on(connection)(CHANGES.format(calls=_TAKEN_BACK), *asked)
        return [repricings.change(row) for row in found]


def undo(lake: Lake, number: int, report: Report = lambda _part: None, by: str | None = None) -> int:
    """Give calls back the prices that a repricing replaced, all in one transaction, and record it with who
    did; gives the number of calls. Rules stay as they are, and calls that are gone stay gone.

    Raises:
        UndoRefused: it cannot be undone; nothing was changed.
    """
    with lake.writing() as connection:
        one, run = repricings.undoable(connection, number), run_on(connection)
        changed = 0
        with _changes(run, _TAKEN_BACK, *_calls_of(one)) as months:
            for month in _reported(months, report):
                [[count]] = run(_UNDO, *month, number)
                changed += int(count)
            repricings.record_undone(connection, number, by, changed)
            if months:
                _renew(connection, run)
    return changed


@contextmanager
def _changes(run: Run, calls: str, *asked: object) -> Iterator[list[Month]]:
    """Add up what changes in `temp.main.changes`; gives the months (UTC) in which something does."""
    run(f"CREATE OR REPLACE TEMP TABLE changes AS {CHANGES.format(calls=calls)}", *asked)
    months = run("SELECT DISTINCT month FROM temp.main.changes ORDER BY month")
    yield [(start, (start + timedelta(days=32)).replace(day=1)) for (start,) in months]
    run("DROP TABLE temp.main.changes")


def _reported(months: list[Month], report: Report) -> Iterator[Month]:
    """A month at a time, so that memory stays bounded."""
    for done, month in enumerate(months, start=1):
        yield month
        report(0.9 * done / len(months))


def _reprice(run: Run, number: int, month: Month) -> int:
    run(f"CREATE OR REPLACE TEMP TABLE repriced AS {_CHANGED}", *month)
    [[count]] = run(_REPRICE, *month, number)
    run("INSERT INTO temp.main.priced_before SELECT DISTINCT import_id, repricing FROM temp.main.repriced")
    run("DROP TABLE temp.main.repriced")
    return int(count)


def _renew(connection: sa.Connection, run: Run) -> None:
    [[first, last]] = run("SELECT min(first_call_at), max(last_call_at) FROM temp.main.changes")
    rollups.renew(connection, reporting_zone(connection), first, last, costs_only=True)


def _calls_of(one: Repricing) -> tuple[datetime, datetime, int]:
    """Where the calls of a repricing are: the times of the first and just after the last, and its number."""
    first, last = (moment.replace(tzinfo=None) for moment in (one.first, one.last))
    return first, last + _INSTANT, one.number

"""A repricing is recorded and can be undone: every call and every sum is then as before."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.importing import LABELS, Shelf, as_csv, row
from tests.intake.test_pricing import OURS, UNPRICED, enter, house
from usage_core.errors import UndoRefused
from usage_core.intake import listed, repricing, repricings, undoing
from usage_core.intake.pricing import LIST, price_list
from usage_core.intake.retention import Doomed, delete
from usage_core.store import rollups, small_files
from usage_core.store.tables import CALLS, DAYS, KEY_HOURS, MODEL_HOURS, PRICES

KNOWN = {"model": "gpt-4o", "provider": "OpenAI"}
NOBODYS = {"model": "unheard-of", "provider": "Nobody"}
JUNE, JULY, LATER = "2026-06-30T23:59:59.999999Z", "2026-07-01T00:00:00Z", "2026-09-01T04:00:00Z"


def snapshot(shelf: Shelf) -> list[list[tuple[Any, ...]]]:
    """Every stored column of every call, and every sum."""
    statements = [sa.select(*CALLS.columns), *(rollups.added_up(table) for table in rollups.TABLES)]
    with shelf.lake.reading() as connection:
        return [sorted((tuple(row) for row in connection.execute(each)), key=str) for each in statements]


@contextmanager
def newer_catalogue() -> Iterator[None]:
    """Another version of the catalogue, in which every price is doubled."""

    def doubled(*asked: Any) -> pa.Table:
        rows = price_list(*asked).to_pylist()
        for listed_row in (each for each in rows if each["basis"] == "catalogue"):
            prices = {name: price for name, price in listed_row.items() if name.endswith("_price") and price}
            listed_row |= {name: 2 * price for name, price in prices.items()}
        return pa.Table.from_pylist(rows, schema=LIST)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listed, "price_list", doubled)
        patch.setattr(repricings, "catalogue_version", lambda: "genai-prices 99")
        yield


def record(shelf: Shelf) -> list[repricings.Repricing]:
    with shelf.lake.reading() as connection:
        return repricings.every(connection)


def sums_of_costs(shelf: Shelf) -> list[tuple[int, int, int]]:
    """Calls, their cost, and those without, by the calls and by every sum of costs."""
    tables = (DAYS, KEY_HOURS, MODEL_HOURS, PRICES)
    sums = [sa.func.sum(each.c[name]) for each in tables for name in ("calls", "cost_pico", "unpriced_calls")]
    c = CALLS.c.cost_pico
    statements = [
        sa.select(sa.func.count(), sa.func.sum(c), sa.func.count() - sa.func.count(c)).select_from(CALLS)
    ]
    statements += [sa.select(*sums[at : at + 3]) for at in range(0, len(sums), 3)]
    with shelf.lake.reading() as connection:
        return [tuple(map(int, connection.execute(each).one())) for each in statements]


def every_kind_of_call() -> str:
    """With and without prices and tokens, as a batch and as usual, by two keys, around a month's end."""
    of = product((OURS, KNOWN, NOBODYS), (JUNE, JULY, LATER), "xy", ({}, UNPRICED))
    calls = [row(**subject, **given, called_at=at, api_key_id=key) for subject, at, key, given in of]
    tokens = (("", ""), ("0", "0"), ("123456789", "7"))
    more = product(calls, tokens, ("", "batch"))
    at = LABELS.index("Input Tokens")
    return as_csv([*one[:at], sent, *one[at + 1 :], tier, read] for one, (sent, read), tier in more)


def test_undoing_gives_back_every_column_and_every_sum(shelf: Shelf) -> None:
    """Two repricings, by a rule and by a newer catalogue alone, undone in reverse order."""
    header = f"{','.join(LABELS)},Service Tier,Cache Read Tokens\r\n"
    assert shelf.take(every_kind_of_call(), header).rows_stored == 216
    lake, before = shelf.lake, snapshot(shelf)
    enter(shelf, house("3"))
    expected = repricing.preview(lake)
    changed = repricing.apply(lake)
    between = snapshot(shelf)
    assert changed == sum(each.calls for each in expected) > 0
    assert between != before
    with newer_catalogue():
        assert repricing.apply(lake) > 0
    assert repricing.undo(lake, 2) > 0
    assert snapshot(shelf) == between
    back = repricing.undo_preview(lake, 1)
    assert [(c.month, c.api_key_id, c.calls, c.after, c.before) for c in back] == [
        (c.month, c.api_key_id, c.calls, c.before, c.after) for c in expected
    ]
    assert repricing.undo(lake, 1) == changed
    assert snapshot(shelf) == before


def test_what_changed_when_and_by_whom_is_kept(shelf: Shelf) -> None:
    two = {**OURS, **UNPRICED, "input_tokens": "1000000", "output_tokens": "0"}
    shelf.rows({**two, "called_at": JUNE}, {**two, "called_at": JULY}, {**UNPRICED, "called_at": LATER})
    assert record(shelf) == []
    enter(shelf, house("2"))
    told: list[float] = []
    assert repricing.apply(shelf.lake, told.append, "anna@example.com") == 2
    with newer_catalogue():
        repricing.apply(shelf.lake)
    assert told == sorted(told)
    newest, first = record(shelf)
    assert (first.number, first.by, first.calls, first.before, first.after) == (
        1,
        "anna@example.com",
        2,
        Decimal(0),
        Decimal(4),
    )
    assert (first.unpriced_before, first.unpriced_after, first.catalogues_before) == (2, 0, first.catalogue)
    assert (newest.number, newest.calls, newest.catalogue) == (2, 1, "genai-prices 99")
    assert newest.catalogues_before == first.catalogue != newest.catalogue
    with shelf.lake.reading() as connection:
        months = repricings.by_month(connection, 1)
    assert [(each.month.month, each.calls, each.after) for each in months] == [(6, 1, 2), (7, 1, 2)]
    with pytest.raises(UndoRefused, match="Repricing 2 was made after it"):
        repricing.undo(shelf.lake, 1)
    assert repricing.undo(shelf.lake, 2, by="ben@example.com") == 1
    undone = record(shelf)[0]
    assert (undone.undone_by, undone.calls_undone, undone.undone_at is None) == ("ben@example.com", 1, False)
    for number, why in ((2, "undone already"), (7, "There is no repricing 7")):
        with pytest.raises(UndoRefused, match=why):
            repricing.undo_preview(shelf.lake, number)


def test_only_calls_that_are_still_there_are_given_their_prices_back(shelf: Shelf) -> None:
    """Between a repricing and its undoing a key's calls are deleted, an import is undone, files are joined
    and calls are imported; new calls have the prices in force, before and after."""
    own = {**OURS, **UNPRICED, "input_tokens": "10", "output_tokens": "0"}
    shelf.rows(*({**own, "called_at": at, "api_key_id": key} for at in (JUNE, JULY) for key in "ab"))
    undone = shelf.rows({**own, "api_key_id": "c"})
    enter(shelf, house("3"))
    assert repricing.apply(shelf.lake) == 5
    delete(shelf.lake, Doomed(key="a"))
    undoing.undo(shelf.lake, undone.import_id)
    with shelf.lake.writing() as connection:
        small_files.rewrite(connection, CALLS)
        assert {each.api_key_id for each in repricings.by_month(connection, 1)} == {"b", "c"}
    shelf.rows({**own, "api_key_id": "d"})
    assert sum(each.calls for each in repricing.undo_preview(shelf.lake, 1)) == 2
    assert repricing.undo(shelf.lake, 1) == 2
    shelf.rows({**own, "api_key_id": "e"})
    fields = ("api_key_id", "cost_pico", "cost_basis", "input_price")
    unknown, ours = ("b", None, "unknown", None), (30_000_000, "override", Decimal(3))
    assert sorted(shelf.stored(None, *fields), key=str) == sorted(
        [unknown, unknown, ("d", *ours), ("e", *ours)], key=str
    )
    assert sums_of_costs(shelf) == [(4, 60_000_000, 2)] * 5
    assert repricing.apply(shelf.lake) == 2
    delete(shelf.lake, Doomed(key="b"))
    assert repricing.undo_preview(shelf.lake, 2) == []
    assert repricing.undo(shelf.lake, 2) == 0

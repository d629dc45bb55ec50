"""A cost that contradicts tokens x price by more than rounding: the row is kept, counted and listed."""

import csv
import io
from decimal import Decimal

import pytest

from tests.importing import LABELS, Shelf, as_csv, row
from usage_core.export import set_aside
from usage_core.importers.registry import formats
from usage_core.intake import doubts, undoing
from usage_core.intake.mapping import From, Mapping, as_format
from usage_core.intake.rows import checked, view
from usage_core.intake.run import import_file
from usage_core.store.tables import DOUBTED

HEADER = f"{','.join(LABELS)},Call Kind,Cost (USD),Cache Read Tokens,Cache Write Tokens\r\n"
EXACT = "0.01325"
"""What 500 input and 1,200 output tokens cost at 2.50 and 10.00 USD a million."""


def body(*rows: tuple[str, ...], **given: str) -> str:
    """Rows with a cost, and with tokens read from a cache and written to it."""
    return as_csv([*row(**given, completion_time_ms=str(n)), "", *each] for n, each in enumerate(rows))


def listed(shelf: Shelf, import_id: str) -> list[list[str]]:
    text = b"".join(set_aside.csv_stream(shelf.lake, import_id, DOUBTED)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def test_a_cost_that_contradicts_is_kept_counted_and_listed(shelf: Shelf) -> None:
    rows = [(EXACT, "", ""), ("0.0132", "", ""), ("0.02", "", ""), ("", "", "")]
    text = body(*rows) + "x,\r\n" + body(("0.0265", "", ""), api_key_id="b")
    receipt = shelf.take(text, HEADER)
    assert (receipt.rows_stored, receipt.rows_rejected, receipt.rows_doubted) == (5, 1, 2)
    assert receipt.notes[0].startswith("2 of the rows stored have a cost that their tokens and prices")
    assert {cost for (cost,) in shelf.stored(receipt, "cost_pico")} == {13_250_000_000}
    found = listed(shelf, receipt.import_id)
    assert [each[:3] for each in found] == [["4", "Cost (USD)", "0.02"], ["7", "Cost (USD)", "0.0265"]]
    assert found[0][3] == (
        "The cost given is 0.02 USD, but these tokens at the prices on the row cost 0.01325 USD. "
        "The latter counts."
    )
    assert found[0][4:15] == [*row(completion_time_ms="2"), ""]
    again = shelf.take(text, HEADER)
    assert (again.rows_duplicate, again.rows_doubted) == (5, 0)
    undoing.undo(shelf.lake, receipt.import_id)
    assert listed(shelf, receipt.import_id) == []


COSTS = {
    "0.013": False,  # rounded to what is written
    "0.01": False,
    "0": True,
    "0.00": True,
    "0.0133": False,
    "0.0134": True,
    "0.013250000000000001": False,
    "1.325e-2": False,
    "1.326e-2": True,
}


def test_what_is_no_more_than_rounding_is_not_doubted(shelf: Shelf) -> None:
    """Nor what tokens read from a cache, at less than their price, and written to it, at more, may cost."""
    cached = [("0.012125", "500", ""), ("0.011", "500", ""), ("0.0135625", "", "500"), ("0.016", "", "500")]
    rows = [*((cost, "", "") for cost in COSTS), *cached]
    receipt = shelf.take(body(*rows), HEADER)
    expected = [cost for cost, doubted in COSTS.items() if doubted] + ["0.011", "0.016"]
    assert [Decimal(each[2]) for each in listed(shelf, receipt.import_id)] == list(map(Decimal, expected))
    assert receipt.rows_doubted == len(expected)


def test_many_are_all_counted_and_the_first_listed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "MOST_LISTED", 2)
    receipt = shelf.take(body(*[("9", "", "")] * 4), HEADER)
    assert receipt.rows_doubted == 4
    assert [each[0] for each in listed(shelf, receipt.import_id)] == ["2", "3"]


def test_formats_without_costs_are_not_looked_at() -> None:
    left_alone = {each.name for each in formats() if not each.sums and not doubts.can_be(each.mapped())}
    assert left_alone == {
        each.name for each in formats() if not each.sums and "cost_pico" not in each.mapped()
    }
    [langdock] = [each for each in formats() if each.name == "langdock"]
    assert "doubt" not in checked("SELECT 1", langdock.mapped(), False, {}) + view(langdock.mapped())


def test_units_of_a_mapping_are_seen_through(shelf: Shelf) -> None:
    """A cost in cents is rounded as it is written in cents."""
    units = {"input_price": "USD per token", "output_price": "USD per thousand", "cost_pico": "US cents"}
    names = ("called_at", "api_key_id", "model", "input_tokens", "output_tokens", *units)
    mapped = as_format("x", Mapping({name: From((name,), units.get(name, "")) for name in names}))
    call = "2026-08-03T09:14:07Z,{},gpt-4o,500,1200,0.0000025,0.01,{}\n"
    costs = ("1.325", "1.33", "1.3", "1.4")
    path = shelf.folder / "mapped.csv"
    path.write_text(f"{','.join(names)}\n" + "".join(call.format(*each) for each in enumerate(costs)))
    shelf.dirty = True
    receipt = import_file(shelf.lake, path, mapped=mapped)
    assert [each[2] for each in listed(shelf, receipt.import_id)] == ["0.014"]
    assert (receipt.rows_stored, receipt.rows_doubted) == (4, 1)

"""A bill is kept once; a correction takes its place, and both stay visible."""

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import Shelf
from usage_core.bills import standing
from usage_core.bills.format import BillRefused
from usage_core.bills.standing import Bill
from usage_core.bills.storing import Taken, take
from usage_core.store.bill_tables import BILL_LINES

HEADER = "Provider,First Day,Last Day,Model,Amount,Currency\n"
OCTOBER = "OpenAI,2026-10-01,2026-10-31,gpt-4o,{},USD\n"


def bring(shelf: Shelf, *rows: str, name: str = "bill.csv") -> Taken:
    shelf.dirty = True
    path = Path(shelf.folder) / name
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return take(shelf.lake, path, by="Ada")


def bills(shelf: Shelf) -> list[Bill]:
    with shelf.lake.reading() as connection:
        return standing.every(connection)


def standing_amounts(shelf: Shelf) -> list[Decimal]:
    return [bill.amount for bill in bills(shelf) if bill.stands]


def test_a_bill_is_kept_whole_and_once(shelf: Shelf) -> None:
    first = bring(shelf, OCTOBER.format("12.345678901234567891"), "OpenAI,2026-10-02,,,-1,USD\n")
    assert first.sentence == "bill.csv (Plain CSV): 2 rows read = 2 stored + 0 that charge nothing."
    again = bring(
        shelf, OCTOBER.format("12.345678901234567891"), "OpenAI,2026-10-02,,,-1,USD\n", name="copy.csv"
    )
    assert (again.rows_read, again.rows_duplicate, again.bills) == (2, 2, first.bills)
    [bill] = bills(shelf)
    assert bill.amount == Decimal("11.345678901234567891")
    assert (f"{bill.first_day:%m-%d}", f"{bill.until_day:%m-%d}") == ("10-01", "11-01")
    assert bill.taken_by == "Ada"
    with shelf.lake.reading() as connection:
        [line] = connection.execute(sa.select(BILL_LINES).where(BILL_LINES.c.line == 2)).mappings()
    assert (line["model"], line["charge"], line["amount"]) == (
        "gpt-4o",
        "usage",
        Decimal("12.345678901234567891"),
    )


def test_a_correction_replaces_and_can_be_taken_back(shelf: Shelf) -> None:
    bring(shelf, OCTOBER.format("12"), name="first.csv")
    taken = bring(shelf, OCTOBER.format("11"), name="second.csv")
    assert "It replaces first.csv, which stays visible." in taken.sentence
    bring(shelf, OCTOBER.format("10").replace("USD", "EUR"), name="euro.csv")
    assert standing_amounts(shelf) == [Decimal(10)]
    with shelf.lake.writing() as connection:
        standing.withdraw(connection, bills(shelf)[0].bill_id, "Ada")
    assert standing_amounts(shelf) == [Decimal(11)]
    assert len(bills(shelf)) == 3
    # The one that was replaced is known, too.
    assert bring(shelf, OCTOBER.format("12"), name="third.csv").rows_duplicate == 1
    with shelf.lake.writing() as connection:
        standing.withdraw(connection, taken.bills[0], "Ada")
    assert standing_amounts(shelf) == [Decimal(12)]


def test_days_on_two_bills_are_refused(shelf: Shelf) -> None:
    bring(shelf, OCTOBER.format("12"), name="october.csv")
    with pytest.raises(BillRefused, match=r"october\.csv of the same provider covers"):
        bring(shelf, "OpenAI,2026-10-20,2026-11-20,gpt-4o,5,USD\n")
    bring(shelf, "OpenAI,2026-11-01,2026-11-20,gpt-4o,5,USD\n")
    bring(shelf, "Anthropic,2026-10-20,2026-11-20,claude,7,USD\n", name="other.csv")
    assert sorted(standing_amounts(shelf)) == [5, 7, 12]


def test_a_file_of_two_providers_is_two_bills(shelf: Shelf) -> None:
    taken = bring(shelf, OCTOBER.format("12"), "Mistral,2026-10-01,2026-10-31,m,3,EUR\n")
    assert len(taken.bills) == 2
    [euro] = [bill for bill in bills(shelf) if bill.currency == "EUR"]
    assert (euro.provider, euro.usd_rate) == ("Mistral", None)
    with shelf.lake.writing() as connection, pytest.raises(BillRefused, match="A rate is more than 0"):
        standing.enter_rate(connection, euro.bill_id, Decimal(0), "Ada")
    with shelf.lake.writing() as connection:
        standing.enter_rate(connection, euro.bill_id, Decimal("1.0842"), "Ada")
    assert {bill.usd_rate for bill in bills(shelf)} == {1, Decimal("1.0842")}


def test_a_bill_without_an_amount_is_refused(shelf: Shelf) -> None:
    with pytest.raises(BillRefused, match="charges nothing"):
        bring(shelf)
    assert bills(shelf) == []

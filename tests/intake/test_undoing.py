"""An import is undone as a whole: what is left is as if it had never been, but for its receipt."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import Shelf, as_csv, row, with_store
from usage_core.errors import UndoRefused
from usage_core.intake.receipt import Receipt
from usage_core.intake.undoing import preview, undo
from usage_core.metrics.answer import coverage
from usage_core.metrics.facts import receipts
from usage_core.store import rollups
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import IMPORTS

TIMES = ["2026-08-03T09:14:07Z", "2026-08-03T23:59:59Z", "2026-08-04T00:00:00Z", "2031-01-01T05:00:00Z"]
lines = st.builds(
    lambda at, key, name, model, ms: row(
        called_at=at, api_key_id=key, api_key_name=name, model=model, completion_time_ms=ms
    ),
    st.sampled_from(TIMES),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["", "web", "jobs"]),
    st.sampled_from(["gpt-4o", "unpriced"]),
    st.sampled_from(["", "5", "700"]),
)
files = st.lists(st.lists(lines, max_size=6), min_size=1, max_size=3)


def sums(shelf: Shelf) -> dict[str, list[tuple]]:
    """Every rollup's rows, added up."""
    with shelf.lake.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(rollups.added_up(table))), key=repr)
            for table in rollups.TABLES
        }


def sums_made_anew(shelf: Shelf) -> dict[str, list[tuple]]:
    with shelf.lake.writing() as connection:
        rollups.rebuild(connection, reporting_zone(connection))
    return sums(shelf)


@settings(with_store, max_examples=2)
@given(files, st.data())
def test_what_is_left_is_what_the_other_files_bring(shelf: Shelf, found: list, data: st.DataObject) -> None:
    shelf.clear()
    taken = [shelf.take(as_csv(rows), name=f"{place}.csv") for place, rows in enumerate(found)]
    before = shelf.stored(None, "called_at", "api_key_id", "import_id")
    undone = data.draw(st.sampled_from(taken))
    assert preview(shelf.lake, undone.import_id).calls == undone.rows_stored
    undo(shelf.lake, undone.import_id)
    left = shelf.stored(None, "called_at", "api_key_id", "import_id")
    assert left == [call for call in before if call[2] != undone.import_id]
    assert sums(shelf) == sums_made_anew(shelf)


def names(shelf: Shelf) -> set[str]:
    with shelf.lake.reading() as connection:
        return {found["file_name"] for found in receipts(connection) if found["undone_at"] is None}


def counted(shelf: Shelf) -> tuple[int, int]:
    with shelf.lake.reading() as connection:
        known = coverage(connection)
        return known.calls, known.rows_set_aside


def test_the_receipt_stays_and_the_file_can_be_imported_again(shelf: Shelf) -> None:
    body = as_csv([row(), row(), row(input_tokens="x"), row(api_key_id="other")])
    first = shelf.take(body, name="a.csv")
    assert shelf.take(body, name="b.csv").rows_duplicate == 3
    undo(shelf.lake, first.import_id)
    assert shelf.stored() == []
    assert names(shelf) == {"b.csv"}
    assert counted(shelf) == (0, 1)
    assert shelf.set_aside(first) == []
    again = shelf.take(body, name="a.csv")
    assert (again.rows_stored, counted(shelf)) == (3, (3, 2))
    assert sums(shelf) == sums_made_anew(shelf)


def test_the_preview_says_what_goes(shelf: Shelf) -> None:
    some = [row(api_key_name="old"), row(called_at="2026-08-05T00:00:00Z", api_key_name="new")]
    some += [row(api_key_id="nameless", api_key_name="", model="unpriced", input_price="", output_price="")]
    first = shelf.take(as_csv(some), name="a.csv")
    shelf.take(as_csv(some[:1]), name="b.csv")
    shelf.take(as_csv([row(called_at="2027-01-01T00:00:00Z")] * 2), name="c.csv")
    found = preview(shelf.lake, first.import_id[:8])
    assert (found.calls, found.keys, found.largest) == (3, 2, (("new", 2), ("nameless", 1)))
    assert (str(found.first), str(found.last)) == ("2026-08-03 09:14:07.412000", "2026-08-05 00:00:00")
    assert found.cost == Decimal("0.0265")
    assert found.later == ("b.csv",)
    assert found.receipt == first
    assert len(shelf.stored()) == 5


def refused(shelf: Shelf, given: str) -> str:
    with pytest.raises(UndoRefused) as error:
        undo(shelf.lake, given)
    return str(error.value)


def test_what_cannot_be_undone(shelf: Shelf) -> None:
    receipt = shelf.take("")
    assert "There is no import 'no-such'" in refused(shelf, "no-such")
    assert "There is no import ''" in refused(shelf, "")
    assert "There is no import '%%%%'" in refused(shelf, "%%%%")
    assert "There is no import" in refused(shelf, receipt.import_id[:3])
    undo(shelf.lake, receipt.import_id)  # of nothing, all the same
    assert "calls.csv was undone already" in refused(shelf, receipt.import_id)


def test_a_beginning_that_two_share(shelf: Shelf) -> None:
    def like(receipt: Receipt, import_id: str) -> None:
        with shelf.lake.writing() as connection:
            change = sa.update(IMPORTS).where(IMPORTS.c.import_id == receipt.import_id)
            connection.execute(change.values(import_id=import_id))

    like(shelf.take(""), "abcd-1")
    like(shelf.take(""), "abcd-2")
    assert "More than one import's id begins with 'abcd'" in refused(shelf, "abcd")
    undo(shelf.lake, "abcd-2")


def test_all_or_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = shelf.rows({}, {"api_key_id": "b"})
    before = sums(shelf)

    def failing(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rollups, "add", failing)
    with pytest.raises(ZeroDivisionError):
        undo(shelf.lake, receipt.import_id)
    assert (sums(shelf), len(shelf.stored())) == (before, 2)

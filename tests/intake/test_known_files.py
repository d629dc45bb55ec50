"""The same file once more: nothing new is in it, and it is not even read, for as long as that is sure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.intake import known_files, retention, run
from usage_core.intake.receipt import Receipt
from usage_core.intake.retention import Doomed
from usage_core.intake.source import open_source
from usage_core.intake.undoing import undo

BODY = as_csv([row(), row(), row(model=""), row(api_key_id="b"), row(input_tokens="-1")])
COUNTS = ("rows_read", "rows_stored", "rows_duplicate", "rows_rejected", "rows_skipped")


@pytest.fixture(autouse=True)
def every_file_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_files, "WORTH_BYTES", 0)


def counts(receipt: Receipt) -> tuple[int, ...]:
    return tuple(getattr(receipt, name) for name in COUNTS)


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> int:
        raise AssertionError("the file was read")

    monkeypatch.setattr(run, "prepare", refuse)


def test_the_same_file_is_told_as_if_it_had_been_read(
    own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_shelf.take(BODY)
    with monkeypatch.context() as patch:
        patch.setattr(known_files, "WORTH_BYTES", 1 << 40)
        read = own_shelf.take(BODY, name="read.csv")
    unread(monkeypatch)
    known = own_shelf.take(BODY, name="known.csv")
    assert counts(known) == counts(read) == (5, 0, 3, 2, 0)
    assert own_shelf.set_aside(known) == own_shelf.set_aside(read) == own_shelf.set_aside(first)
    itself = {"import_id": "", "imported_at": first.imported_at, "file_name": "", "checksum": None}
    assert replace(known, **itself) == replace(read, **itself)
    assert known.import_id not in {first.import_id, read.import_id}
    assert known.file_name == "known.csv"
    assert len(own_shelf.stored()) == 3


@pytest.mark.parametrize(
    ("take_out", "left"),
    [
        (lambda shelf, receipt: undo(shelf.lake, receipt.import_id), 0),
        (lambda shelf, _receipt: retention.delete(shelf.lake, Doomed(key="b")), 2),
    ],
    ids=["undone", "a key deleted"],
)
def test_it_is_read_again_when_calls_were_taken_out(
    own_shelf: Shelf, take_out: Callable[[Shelf, Receipt], object], left: int
) -> None:
    first = own_shelf.take(BODY)
    take_out(own_shelf, first)
    assert len(own_shelf.stored()) == left
    assert counts(own_shelf.take(BODY)) == (5, 3 - left, left, 2, 0)
    assert counts(own_shelf.take(BODY)) == (5, 0, 3, 2, 0)


def test_what_is_no_longer_kept_is_skipped_and_not_taken_for_there(own_shelf: Shelf) -> None:
    own_shelf.take(BODY)
    retention.retain(own_shelf.lake, date(2026, 9, 1))
    assert counts(own_shelf.take(BODY)) == (5, 0, 0, 2, 3)
    assert counts(own_shelf.take(BODY)) == (5, 0, 0, 2, 3)


def test_what_another_import_brought_and_lost_is_brought_by_the_file_that_found_it_there(
    own_shelf: Shelf,
) -> None:
    first = own_shelf.take(as_csv([row()]), name="short.csv")
    assert own_shelf.take(BODY).rows_duplicate == 1
    undo(own_shelf.lake, first.import_id)
    assert own_shelf.take(BODY).rows_stored == 1


def test_one_that_set_all_aside_and_was_undone_is_read_again(own_shelf: Shelf) -> None:
    bad = as_csv([row(model="")])
    undo(own_shelf.lake, own_shelf.take(bad).import_id)
    again = own_shelf.take(bad)
    assert (again.rows_rejected, len(own_shelf.set_aside(again))) == (1, 1)


def test_a_file_that_differs_in_a_letter_is_read(own_shelf: Shelf) -> None:
    own_shelf.take(BODY)
    assert own_shelf.take(BODY.replace("gpt-4o", "gpt-4p")).rows_stored == 3


def test_a_file_that_is_not_known_waits_for_nobody(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> object:
        raise AssertionError("it waits for its turn to write")

    (own_shelf.folder / "calls.csv").write_text(HEADER + BODY)
    source = known_files.with_checksum(open_source(own_shelf.folder / "calls.csv", "calls.csv"))
    monkeypatch.setattr(own_shelf.lake, "writing", refuse)
    monkeypatch.setattr(own_shelf.lake, "turn", refuse)
    assert source.checksum
    assert known_files.again(own_shelf.lake, source, lambda: None) is None

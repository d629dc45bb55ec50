"""The rows an import set aside, as a file of their own."""

import csv
import io

import pytest

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.errors import SelectionError
from usage_core.export import set_aside


def test_rows_set_aside_as_csv(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [
        row(input_tokens="=1+1"),
        row(model=""),
        [],
        ["a"],
        row(called_at='soon, "maybe"'),
        row(input_price="x\ny"),
    ]
    receipt = shelf.take(as_csv([row(), *bad, row()]))
    monkeypatch.setattr(set_aside, "ROWS_AT_ONCE", 2)
    text = b"".join(set_aside.csv_stream(shelf.lake, receipt.import_id)).decode()
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [each[: len(set_aside.COLUMNS)] for each in found] == [
        ["Line", "Field", "Value", "Reason"],
        ["3", "Input Tokens", "'=1+1", "It is not a whole number of 0 or more, such as 1200."],
        ["4", "Model", "", "It is empty."],
        ["6", "", "", "The line has 1 column; 10 were expected."],
        ["7", "Date", 'soon, "maybe"', "It is not a date and time such as 2026-08-03T09:14:07.412Z."],
        ["8", "Input Token Price (USD/1M tokens)", "x\ny", "It is not a plain decimal number such as 2.50."],
    ]


def test_nothing_set_aside_is_a_header(shelf: Shelf) -> None:
    receipt = shelf.take("")
    assert b"".join(set_aside.csv_stream(shelf.lake, receipt.import_id)) == (
        b"Line,Field,Value,Reason," + HEADER.encode()
    )


def test_an_import_that_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(SelectionError, match="There is no import 'x'"):
        next(set_aside.csv_stream(shelf.lake, "x"))

"""Rows set aside come back as they came: corrected in the file that was downloaded, they are imported."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import GOOD, LABELS, Shelf, as_csv, row, with_store
from usage_core.export import set_aside
from usage_core.intake.receipt import Receipt

BEFORE = len(set_aside.COLUMNS)


def downloaded(shelf: Shelf, receipt: Receipt) -> list[list[str]]:
    raw = b"".join(set_aside.csv_stream(shelf.lake, receipt.import_id))
    return list(csv.reader(io.StringIO(raw.decode(), newline="")))


def test_corrected_rows_are_imported(shelf: Shelf) -> None:
    bad = [
        row(input_tokens="many"),
        row(called_at="soon", api_key_name='a "b",\nc'),
        ["only", "three", "fields"],
    ]
    first = shelf.take(as_csv([row(), *bad]))
    header, *found = downloaded(shelf, first)
    assert header == ["Line", "Field", "Value", "Reason", *LABELS]
    assert [each[BEFORE:] for each in found] == [*bad[:2], [*bad[2], *[""] * 7]]
    assert shelf.take(as_csv([header, *found]), header="").rows_rejected == 3, "not corrected yet"
    found[0][BEFORE + 5] = "7"
    found[1][BEFORE] = "2026-08-04T00:00:00Z"
    found[2] = [*found[2][:BEFORE], *row(api_key_id="other")]
    second = shelf.take(as_csv([header, *found]), header="")
    assert (second.rows_stored, second.rows_rejected) == (3, 0)
    assert shelf.stored(second, "api_key_id", "api_key_name", "input_tokens") == [
        ("key-1", "checkout", 7),
        ("other", "checkout", 500),
        ("key-1", 'a "b",\nc', 500),
    ]


TEXTS = st.sampled_from(["=1", "'=1", "''=1", " @x", "a", "'a", '"', ",", "a\rb", "-", "\t", "é", "/~0"])


@settings(with_store, max_examples=2)
@given(st.lists(st.tuples(TEXTS, TEXTS.filter(str.strip)), min_size=8, max_size=12))
def test_only_what_was_wrong_has_to_be_corrected(shelf: Shelf, found: list[tuple[str, str]]) -> None:
    """A row set aside and corrected is the call that it would have been."""

    def file(tokens: str) -> str:
        return as_csv(
            row(api_key_id=f"{n}", api_key_name=name, model=model, input_tokens=tokens)
            for n, (name, model) in enumerate(found)
        )

    shelf.clear()
    first = shelf.take(file("x"))
    header, *rows = downloaded(shelf, first)
    for each in rows:
        each[header.index("Input Tokens")] = GOOD["input_tokens"]
    corrected = shelf.take(as_csv([header, *rows]), header="")
    assert corrected.rows_stored == len(found)
    calls = shelf.stored(corrected)
    shelf.clear()
    assert shelf.stored(shelf.take(file(GOOD["input_tokens"]))) == calls


def test_columns_that_are_never_kept_are_not_kept_here(shelf: Shelf) -> None:
    header = as_csv([[*LABELS, "Prompt"]], "\n")
    receipt = shelf.take(as_csv([[*row(model=""), "secret"], ["secret"], ['se"cret']], "\n"), header=header)
    assert receipt.rows_rejected == 3
    head, *found = downloaded(shelf, receipt)
    assert head[BEFORE:] == LABELS
    assert "secret" not in str(found)
    assert found[0][BEFORE:] == row(model="")


def test_headings_as_the_file_has_them(shelf: Shelf) -> None:
    names = [
        "model",
        "DATE",
        "api_key_id",
        "Completion Time (ms)",
        "input_tokens",
        "input_token_price_per_1m",
    ]
    receipt = shelf.take(as_csv([["m", "soon", "k", "5", "1", "2"]]), header=as_csv([names]))
    assert [each[BEFORE:] for each in downloaded(shelf, receipt)] == [
        names,
        ["m", "soon", "k", "5", "1", "2"],
    ]


def test_json_as_it_came(shelf: Shelf) -> None:
    line = b'{"called_at": "soon", "api_key_id": "k/~1", "model": "m", "kind": "other", "input_tokens": 5}\n'
    receipt = shelf.take(line, header="", name="calls.jsonl")
    header, found = downloaded(shelf, receipt)
    assert dict(zip(header[BEFORE:], found[BEFORE:], strict=True)) == {
        "called_at": "soon",
        "api_key_id": "k/~1",
        "model": "m",
        "kind": "other",
        "input_tokens": "5",
    }
    found[header.index("called_at")] = "2026-08-03T09:14:07.412Z"
    assert shelf.take(as_csv([header, found]), header="").rows_stored == 1

"""Files as they come: line ends, quotes, damage. Every row is stored or set aside with its line."""

import csv
import io
import random
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.importing import GOOD, HEADER, Look, Shelf, as_csv, row, with_store
from usage_core.errors import UsageError
from usage_core.intake import reading
from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER

LABELS = [column.label for column in EXPORT_COLUMNS]


def many(count: int, **given: str) -> list[list[str]]:
    return [row(api_key_id=f"key-{n}", **given) for n in range(count)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(module_shelf: Shelf, ending: str, bom: bytes, last: bool) -> None:
    body = as_csv([LABELS, *many(3), row(input_tokens="x"), row()], ending)
    found = module_shelf.look(bom + (body if last else body.removesuffix(ending)).encode(), header="")
    assert (found.rows, len(found.good), found.bad_lines) == (5, 4, [5])
    assert found.column("output_price") == [10] * 4


@pytest.mark.parametrize("swallowed", ["\n", "\r\n", "\r", "\n\n", "\r\n\n", "\n\r"])
def test_mixed_line_ends_and_blank_lines(module_shelf: Shelf, swallowed: str) -> None:
    line = as_csv([row()], "")
    bad = as_csv([row(input_tokens="x")], "")
    body = line + swallowed + line + "\r\n" + bad + "\n" + line + "\n" + line + "\r"
    found = module_shelf.look(body)
    before = (HEADER + line + swallowed + line + "\r\n").replace("\r\n", "\n").replace("\r", "\n")
    assert (found.rows, len(found.good), found.bad_lines) == (5, 4, [before.count("\n") + 1])


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\n\n\n"])
def test_blank_lines_before_the_header_and_after_the_last_row(module_shelf: Shelf, blank: str) -> None:
    found = module_shelf.look(blank + HEADER + as_csv([row(), row(input_tokens="x")]) + blank, header="")
    assert (found.rows, len(found.good), found.bad_lines) == (2, 1, [len(blank.splitlines()) + 3])


@pytest.mark.parametrize("end", ["\n", "\n\n", "\n\n\n", "\r\n\r\n"])
def test_blank_lines_at_the_end_need_no_repair(
    module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(reading, "_read_repaired", lambda *_given: 1 / 0)
    ending = "\r\n" if "\r" in end else "\n"
    body = as_csv([LABELS, row(), ["short"], row()], ending)
    found = module_shelf.look(body.removesuffix(ending) + end, header="")
    assert (found.rows, len(found.good), found.bad_lines) == (3, 2, [3])


def test_carriage_returns_are_line_ends_wherever_they_stand(module_shelf: Shelf) -> None:
    """Also where they make up for a blank line, or lie in a field."""
    line, bad = as_csv([row()], ""), as_csv([row(input_tokens="x")], "")
    assert module_shelf.look(f"{line}\r{line}\n\n{bad}\n").bad_lines == [5]
    within = as_csv([row(api_key_name="a\rb")])
    assert module_shelf.look(within + within + bad).bad_lines == [6]


def test_columns_in_any_order_among_others(module_shelf: Shelf) -> None:
    order = [*LABELS, "Team", "Prompt", ""]
    random.Random(1).shuffle(order)
    fields = dict(zip(LABELS, row(), strict=True))
    body = as_csv([order, [fields.get(label, 'other, "text"') for label in order]])
    assert module_shelf.look(body, header="") == module_shelf.look(as_csv([row()]))


@pytest.mark.parametrize("spelled", ["{upper}", "{lower}", "  {plain} ", "{wide}"])
def test_headings_are_known_by_their_words(module_shelf: Shelf, spelled: str) -> None:
    header = ",".join(
        spelled.format(plain=label, upper=label.upper(), lower=label.lower(), wide=label.replace(" ", "  "))
        for label in LABELS
    )
    assert len(module_shelf.look(as_csv([row()]), header=header + "\n").good) == 1


def test_columns_that_may_be_missing(module_shelf: Shelf) -> None:
    kept = [0, 1, 4, 5, 7, 8]
    body = as_csv([[LABELS[place] for place in kept], [row()[place] for place in kept]])
    found = module_shelf.look(body, header="")
    assert found.column("api_key_name") == found.column("output_tokens") == [None]


def test_fields_over_several_lines(module_shelf: Shelf) -> None:
    names = ["a\nb", "a\r\nb", "a\rb", "\n", '"\n"', "a\n\n\nb", ",\n,"]
    rows = [row(api_key_id=f"{n}", api_key_name=name) for n, name in enumerate(names)]
    found = module_shelf.look(as_csv([*rows, row(input_tokens="x")]))
    assert found.column("api_key_name") == names
    assert found.bad_lines == [len(re.findall(r"\r\n|\r|\n", HEADER + as_csv(rows))) + 1]


@pytest.mark.parametrize("count", [1, 3])
def test_a_quote_never_closed_takes_no_other_row_with_it(module_shelf: Shelf, count: int) -> None:
    lines = as_csv(many(50_000), "\n").splitlines()
    at = [3, 700, 40_000][:count]
    for place in at:
        lines[place] = lines[place].replace("checkout", '"check')
    found = module_shelf.look("\n".join(lines) + "\n")
    assert found.bad == [(place + 2, None, None, "A quote is opened and not closed.") for place in at]
    good = set(found.column("api_key_id"))
    assert good == {f"key-{n}" for n in range(50_000)} - {f"key-{place}" for place in at}
    assert found.rows == len(found.good) + count == 50_000


def test_a_quote_never_closed_among_quoted_rows(module_shelf: Shelf) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(many(500))
    lines = text.getvalue().splitlines()
    lines[7] = lines[7].replace('"checkout"', '"checkout')
    found = module_shelf.look("\n".join(lines))
    assert (found.rows, len(found.good), found.bad_lines) == (500, 499, [9])


def test_damaged_rows_are_set_aside_by_line(module_shelf: Shelf) -> None:
    good = as_csv([row()], "").encode()
    lines = [
        good,
        good + b",more",
        good,
        good.replace(b"checkout", b"check\xffout"),
        b"only,three,fields",
        good.replace(b"checkout", b'"check" out'),
        b" ",
        good.replace(b"checkout", b"check\xed\xa0\x80out"),
        good,
        b",,,,,,,,,",
    ]
    found = module_shelf.look(b"\n".join(lines))
    assert (found.rows, len(found.good)) == (10, 3)
    assert [(line, reason) for line, _, _, reason in found.bad] == [
        (3, "The line has 11 columns; 10 were expected."),
        (5, "The line is not UTF-8 text."),
        (6, "The line has 3 columns; 10 were expected."),
        (7, "A quote stands where none may."),
        (8, "The line has 1 column; 10 were expected."),
        (9, "The line is not UTF-8 text."),
        (11, "It is empty."),
    ]


def test_damage_is_numbered_alike_with_and_without_repair(module_shelf: Shelf) -> None:
    kinds = [row(), row(input_tokens="x"), [*row(), "more"], ["one"], row(model=""), row()]
    rows = random.Random(2).choices(kinds, k=400)
    body = as_csv(rows, "\n")
    plain = module_shelf.look(body)
    assert plain == module_shelf.look(body + "\n\n")
    assert plain.bad_lines == [line for line, fields in enumerate(rows, start=2) if fields != row()]


GOOD_FILE = (
    HEADER + as_csv([row(), *many(3), row(api_key_name='a "b",\nc'), row(output_tokens="")])
).encode()
JUNK = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"'",
    b"=",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"x" * 5000,
]
edits = st.lists(
    st.tuples(
        st.integers(0, len(GOOD_FILE)), st.integers(0, 30), st.sampled_from(JUNK) | st.binary(max_size=5)
    ),
    max_size=4,
)


def balanced(shelf: Shelf, raw: bytes) -> None:
    """Some bytes are refused in words, or every row of them is accounted for."""
    try:
        found = shelf.look(raw, header="")
    except UsageError as error:
        assert "calls.csv" in str(error)
        return
    assert found.rows == len(found.good) + len(found.bad)
    physical = len(re.findall(rb"\r\n|\r|\n", raw)) + 1
    assert all(1 < line <= physical for line in found.bad_lines)
    assert len(set(found.bad_lines)) == len(found.bad)


@with_store
@given(st.lists(edits, min_size=4, max_size=6))
@example(
    [[(len(HEADER) + 5, 0, b'"')], [(0, 0, b"\r")], [(0, 0, b"x" * 200_000)], [(0, len(GOOD_FILE), b"")]]
)
@example([[(len(HEADER) + 40, 0, junk)] for junk in JUNK])
def test_no_damage_crashes_an_import_or_loses_a_row(module_shelf: Shelf, found: list) -> None:
    for changes in found:
        raw = GOOD_FILE
        for at, removed, put in changes:
            raw = raw[:at] + put + raw[at + removed :]
        balanced(module_shelf, raw)


def test_a_long_line_is_set_aside(module_shelf: Shelf) -> None:
    found = module_shelf.look(as_csv([row(), row(api_key_name="x" * 3_000_000), row()]))
    assert len(found.good) == 2
    [(line, field, value, reason)] = found.bad
    assert (line, field, len(value)) == (3, "api_key_name", 200)
    assert reason == "It is longer than 4,000 bytes."


def test_a_name_with_a_nul_character_comes_back(module_shelf: Shelf) -> None:
    assert module_shelf.look(as_csv([row(api_key_name="a\x00b")])).column("api_key_name") == ["a\x00b"]


def test_a_damaged_file_stored(shelf: Shelf) -> None:
    """All the way: what the receipt says is what is in the store."""
    body = as_csv([row(), row(api_key_name="a\nb"), row(input_tokens="x"), ["short"], row(), row(model="")])
    receipt = shelf.take(body)
    assert (
        receipt.sentence
        == "calls.csv (Langdock API usage CSV): 6 rows read = 3 stored + 0 already there + 3 set aside."
    )
    assert len(shelf.stored(receipt)) == 3
    assert shelf.set_aside(receipt) == [
        (5, "Input Tokens", "x", "It is not a whole number of 0 or more, such as 1200."),
        (6, None, None, "The line has 1 column; 10 were expected."),
        (8, "Model", None, "It is empty."),
    ]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b" \n\r\n", "is empty"),
        (b"a,b,c\n1,2,3\n", "Header found: a, b, c."),
        (b"\xff\xfe" + HEADER.encode("utf-16-le"), "is not UTF-8 text"),
        (b"\xfe\xff" + HEADER.encode("utf-16-be"), "is not UTF-8 text"),
        (HEADER.encode("utf-16-le"), "is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "is not UTF-8 text"),
        (b"PK\x03\x04" + b"\x00" * 300, "is not UTF-8 text"),
        (b"\x00" * 300, ""),
        (b'"' + b"x" * 300_000, "Header found: nothing."),
        (EXPORT_HEADER.replace(",", ";").encode(), "Header found: Date;API Key ID"),
        (b'{"resourceSpans": []}', "Keys found: resourceSpans."),
    ],
)
def test_files_of_no_known_format(module_shelf: Shelf, raw: bytes, said: str) -> None:
    with pytest.raises(UsageError) as error:
        module_shelf.look(raw, header="", name="odd one.csv")
    assert said in str(error.value)
    assert "odd one.csv" in str(error.value)
    if said.startswith("Header found"):
        assert "Langdock API usage CSV (Date, API Key ID, " in str(error.value)


def test_files_that_cannot_be_read(shelf: Shelf) -> None:
    (shelf.folder / "folder.csv").mkdir(exist_ok=True)
    for name, said in (("folder.csv", "Is a directory"), ("missing.csv", "No such file")):
        with pytest.raises(UsageError, match=f"{name} cannot be read: {said}"):
            shelf.take_file(shelf.folder / name)


def test_two_columns_of_one_field_are_refused(module_shelf: Shelf) -> None:
    for double in ("Date", "date", "DATE"):
        header = f"{EXPORT_HEADER},{double}\n"
        with pytest.raises(UsageError, match=f"more than one column for Date: 'Date' and '{double}'"):
            module_shelf.look(as_csv([[*row(), GOOD["called_at"]]]), header=header)
    with pytest.raises(
        UsageError, match="more than one column for API Key ID: 'API Key ID' and 'api_key_id'"
    ):
        module_shelf.look(as_csv([[*row(), "k"]]), header=f"{EXPORT_HEADER},api_key_id\n")


@pytest.mark.parametrize("header", [HEADER, HEADER.strip(), HEADER.replace("\n", "\r\n"), HEADER + "\n\n"])
def test_a_header_alone_is_an_import_of_nothing(module_shelf: Shelf, header: str) -> None:
    assert module_shelf.look("", header=header) == Look(0, [], [])


def test_a_header_alone_has_a_receipt(shelf: Shelf) -> None:
    receipt = shelf.take("")
    assert (receipt.rows_read, receipt.first_call_at) == (0, None)
    assert (
        receipt.sentence
        == "calls.csv (Langdock API usage CSV): 0 rows read = 0 stored + 0 already there + 0 set aside."
    )

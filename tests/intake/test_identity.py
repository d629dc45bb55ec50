"""Export then import is the identity, whatever a call holds."""

import csv
import io
from datetime import datetime
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.importing import FIELDS, HEADER, Shelf, with_store
from usage_core.schema import EXPORT_COLUMNS, Form
from usage_core.text_guard import guard, unguard

HARD = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "'",
    '"',
    ",",
    ";",
    " ",
    "＝",
    "＠",
    "\\",
    "\v",
    "\x1f",
    "\x85",
]
HARD += ["\u2028", "\ufeff", "א", "\u202e", "𝒳", "👩\u200d💻", "e\u0301", "NULL", "nan", "0", "a"]

some_text = st.lists(st.sampled_from(HARD), min_size=1, max_size=6).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12
)
filled_text = some_text.filter(lambda text: text.strip() != "")
whole = st.none() | st.sampled_from([0, 1, 10**18 - 1]) | st.integers(0, 10**6)
price = st.none() | st.decimals(0, 999_999, places=6) | st.sampled_from([Decimal(0), Decimal("0.000001")])
moments = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-12-31")).flatmap(
    lambda at: st.sampled_from(
        [at, at.replace(microsecond=at.microsecond // 1000 * 1000), at.replace(microsecond=0)]
    )
)
calls = st.tuples(
    moments,
    filled_text,
    st.none() | some_text,
    st.none() | some_text,
    filled_text,
    whole,
    whole,
    whole,
    price,
    price,
)


EVERY_SHAPE = [
    (
        datetime.fromisoformat(f"2026-01-01T00:00:0{n}{fraction}"),
        "k",
        "n",
        "p",
        "m",
        tokens,
        tokens,
        tokens,
        usd,
        usd,
    )
    for n, (fraction, tokens, usd) in enumerate(
        [
            ("", None, None),
            (".412", 0, Decimal(0)),
            (".412345", 1, Decimal("0.000001")),
            (".000001", 7, Decimal("999999.999999")),
            (".100", 10**18 - 1, Decimal(0)),
            (".999999", 12, Decimal("2.500000")),
            (".120000", 12, Decimal("1200")),
        ]
    )
]


def written(value: object, form: Form) -> str:
    """A value as the export writes it, worked out apart from the code under test."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        digits = (
            "microseconds" if value.microsecond % 1000 else "milliseconds" if value.microsecond else "seconds"
        )
        return value.isoformat(timespec=digits) + "Z"
    if form is Form.PRICE:
        whole_part, _, places = f"{value:.6f}".partition(".")
        return f"{whole_part}.{places.rstrip('0').ljust(2, '0')}"
    return guard(value) if isinstance(value, str) else str(value)


def too_dear(call: tuple) -> bool:
    return (call[5] or 0) * (call[8] or 0) + (call[6] or 0) * (call[9] or 0) > 9_000_000 * 10**6


def lines_of(found: list[tuple], quoting: int, ending: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator=ending)
    writer.writerows(
        [written(v, c.form) for v, c in zip(call, EXPORT_COLUMNS, strict=True)] for call in found
    )
    return text.getvalue()


HARD_NAMES = [
    (datetime.fromisoformat("2026-01-01"), k, n, None, m, 0, None, 0, Decimal(0), None)
    for k in ("=1", "'=1", "  =1", "a\rb", "a\r\nb", "\r\nb", '"', "'", ",")
    for n, m in ((None, "x"), (" ", "\n'="), ("\r", "''"), ("\r\n", "＝x"))
]


@settings(with_store, max_examples=2)
@given(
    st.lists(calls.filter(lambda call: not too_dear(call)), min_size=20, max_size=60),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@example(EVERY_SHAPE + HARD_NAMES, csv.QUOTE_MINIMAL)
def test_export_then_import_is_the_identity(shelf: Shelf, found: list[tuple], quoting: int) -> None:
    shelf.clear()
    receipt = shelf.take(lines_of(found, quoting, "\r\n"))
    assert (receipt.rows_stored, shelf.set_aside(receipt)) == (len(found), [])
    first = shelf.export()
    shelf.clear()
    assert shelf.take(first, header="").rows_stored == len(found)
    assert shelf.export() == first
    header, *rows = csv.reader(io.StringIO(first.decode(), newline=""))
    assert ",".join(header) + "\n" == HEADER
    texts = [column.form is Form.TEXT for column in EXPORT_COLUMNS]
    given_fields = [[written(v, c.form) for v, c in zip(call, EXPORT_COLUMNS, strict=True)] for call in found]
    # A call without a price, of a model that the catalogue knows, is given its price there.
    assert sorted(row[:8] for row in rows) == sorted(row[:8] for row in given_fields)
    pairs = zip(sorted(rows), sorted(given_fields), strict=True)
    assert all(row == each or "" in each[8:] for row, each in pairs)
    plain = [[unguard(f) if t else f for f, t in zip(row, texts, strict=True)] for row in rows]
    assert sorted(row[FIELDS.index("model")] for row in plain) == sorted(call[4] for call in found)


@with_store
@given(st.lists(calls.filter(lambda call: not too_dear(call)), min_size=20, max_size=60))
@example(EVERY_SHAPE)
def test_what_is_read_is_what_was_written(module_shelf: Shelf, found: list[tuple]) -> None:
    read = module_shelf.look(lines_of(found, csv.QUOTE_ALL, "\n"))
    assert read.bad == []
    assert read.good == found

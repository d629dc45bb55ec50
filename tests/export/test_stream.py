"""The export: every call of the selection, in one order, whatever slices it was read in."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from tests.importing import EVER, FIELDS, GOOD, HEADER, Shelf, as_csv, row
from usage_core.export import stream
from usage_core.export.column_text import instants
from usage_core.export.csv_lines import HEADER as FIRST_LINE
from usage_core.export.csv_lines import lines, pieces
from usage_core.export.preview import file_name, first_lines, line_bytes, preview
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, EXPORT_HEADER, Column
from usage_core.selection import Selection
from usage_core.store.rows import arrow
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
STEPS = [
    *range(0, 50, 5),
    999_999,
    1_000_000,
    1_000_001,
    59_999_999,
    60_000_000,
    3_599_999_999,
    3_600_000_000,
]
STEPS += [7_200_000_000 + n for n in range(20)] + [40 * 86_400_000_000]


def at(step: int) -> str:
    return (
        f"{(START + timedelta(microseconds=step)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    )


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    """Calls close together and far apart, several at the same instant, in no order."""
    rows = [row(called_at=at(step), api_key_id=f"key-{n}") for step in STEPS for n in (2, 1)]
    rows += [
        row(called_at=at(5), api_key_id="key-1", provider="", output_tokens="", input_price=price)
        for price in "31"
    ]
    rows += [row(called_at=at(5), provider="nobody knows", model=f"Models/{n}") for n in "ab"]
    module_shelf.take(as_csv(reversed(rows)))
    return module_shelf


def exported(shelf: Shelf, selection: Selection = EVER) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shelf.export(selection).decode(), newline="")))


def over(start: datetime, end: datetime, **filters: tuple[str, ...]) -> Selection:
    return Selection(Timeframe(start, end), **filters)


def test_the_header_is_exact(module_shelf: Shelf) -> None:
    assert EXPORT_HEADER == (
        "Date,API Key ID,API Key Name,Provider,Model,Input Tokens,Output Tokens,Completion Time (ms),"
        "Input Token Price (USD/1M tokens),Output Token Price (USD/1M tokens)"
    )
    empty = over(START - timedelta(days=2), START - timedelta(days=1))
    assert module_shelf.export(empty) == FIRST_LINE == HEADER.encode()


def test_the_order_is_of_time_and_total(filled: Shelf) -> None:
    stored = filled.stored()
    rows = exported(filled)
    assert len(rows) == len(stored) == 2 * len(STEPS) + 4
    times = [datetime.fromisoformat(found["Date"]) for found in rows]
    assert times == sorted(times)
    named = [tuple(found.values()) for found in rows if all(found.values())]
    assert named == sorted(named, key=lambda found: (datetime.fromisoformat(found[0]), *found[1:]))
    assert [found["Input Token Price (USD/1M tokens)"] for found in rows if not found["Provider"]] == [
        "1.00",
        "3.00",
    ]
    assert filled.export() == filled.export()


@pytest.mark.parametrize("rows", [1, 4, 30])
def test_slices_are_the_same_as_one_sorted_query(
    filled: Shelf, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    whole = filled.export()
    monkeypatch.setattr(stream, "SLICE_ROWS", rows)
    with filled.lake.reading() as connection:
        sizes = [table.num_rows for table in stream.tables(connection, EVER)]
    assert len(sizes) > 2
    assert max(sizes) <= max(rows, 40), "no slice is longer than asked, but for one second's calls"
    assert filled.export() == whole


@pytest.mark.parametrize("columns", [EXPORT_COLUMNS, COLUMNS])
def test_values_read_as_numbers_are_the_calls_in_the_engines_own_order(
    filled: Shelf, columns: tuple[Column, ...]
) -> None:
    asked = [CALLS.c[column.name] for column in columns]
    with filled.lake.reading() as connection:
        [found] = stream.tables(connection, EVER, columns)
        plain = arrow(connection, sa.select(*asked).order_by(*asked))
    assert found.to_pylist() == plain.to_pylist()


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=20))
@example([datetime(1969, 12, 31, 23, 59, 59, micro, UTC) for micro in (999_999, 0)])
@example([datetime(2026, 3, 1, 10, 0, 59, micro, UTC) for micro in (0, 1, 1000, 412_000, 412_345, 999_999)])
def test_instants_are_written_to_the_microsecond_they_have(moments: list[datetime]) -> None:
    def plain(moment: datetime) -> str:
        unit = "seconds" if not moment.microsecond else "microseconds"
        unit = "milliseconds" if moment.microsecond and not moment.microsecond % 1000 else unit
        return moment.replace(tzinfo=None).isoformat(timespec=unit) + "Z"

    assert instants(pa.array(moments, pa.timestamp("us"))).to_pylist() == list(map(plain, moments))


def test_the_first_slice_is_short_so_that_it_is_soon_there(
    filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filled.export()
    monkeypatch.setattr(stream, "SLICE_ROWS", 40)
    monkeypatch.setattr(stream, "FIRST_ROWS", 4)
    with filled.lake.reading() as connection:
        sizes = [table.num_rows for table in stream.tables(connection, EVER)]
    assert sizes[0] <= 26, "one second's calls"
    assert max(sizes) > sizes[0]
    assert len(sizes) < 8
    assert filled.export() == whole


@pytest.mark.parametrize("rows", [2, 200_000])
def test_edges_are_half_open_to_the_microsecond(
    filled: Shelf, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(stream, "SLICE_ROWS", rows)
    minute = timedelta(minutes=1)
    found = exported(filled, over(START, START + minute))
    assert {step["Date"] for step in found} == {
        found["Date"]
        for found in exported(filled)
        if START <= datetime.fromisoformat(found["Date"]) < START + minute
    }
    assert found[-1]["Date"] == "2026-03-01T10:00:59.999999Z"
    following = exported(filled, over(START + minute, START + 60 * minute))
    assert [step["Date"] for step in following] == ["2026-03-01T10:01:00Z"] * 2 + [
        "2026-03-01T10:59:59.999999Z"
    ] * 2
    ends = [START, START + minute, START + 60 * minute, START + timedelta(days=60)]
    pieces = [exported(filled, over(a, b)) for a, b in pairwise(ends)]
    assert list(chain(*pieces)) == exported(filled)


def test_filters(filled: Shelf) -> None:
    def ids(**filters: tuple[str, ...]) -> list[tuple[str, str]]:
        whole = (START, START + timedelta(days=60))
        return [(f["API Key ID"], f["Model"]) for f in exported(filled, over(*whole, **filters))]

    assert ids(key=("key-2",)) == [("key-2", GOOD["model"])] * len(STEPS)
    assert ids(provider=("",)) == [("key-1", GOOD["model"])] * 2, "unknown is a value to filter by"
    assert len(ids(provider=("", "OpenAI"))) == 2 * len(STEPS) + 2
    assert len(ids(provider=("", "nobody knows"))) == 4
    assert ids(model=("a", "b")) == [("key-1", "Models/a"), ("key-1", "Models/b")]
    assert ids(model=("a",), provider=("OpenAI",)) == []
    assert ids(key=("' OR 1=1 --",)) == []
    assert ids(kind=("completion",)) == ids()


def test_an_export_is_of_one_state_of_the_store(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SLICE_ROWS", 1)
    own_shelf.rows({"called_at": "2026-01-01T00:00:00Z"}, {"called_at": "2026-01-03T00:00:00Z"})
    pieces = stream.csv_stream(own_shelf.lake, EVER)
    first = [next(pieces), next(pieces)]
    own_shelf.rows({"called_at": "2026-01-02T00:00:00Z"})
    assert b"".join([*first, *pieces]).count(b"\n") == 3
    assert own_shelf.export().count(b"\n") == 4


def test_a_reader_who_goes_away_lets_go_of_the_store(own_shelf: Shelf) -> None:
    own_shelf.rows({})
    pieces = stream.csv_stream(own_shelf.lake, EVER)
    next(pieces)
    next(pieces)
    held = own_shelf.lake.engine.pool.checkedout()
    pieces.close()
    assert (held, own_shelf.lake.engine.pool.checkedout()) == (1, 0)


def test_the_preview_tells_what_comes(filled: Shelf) -> None:
    with filled.lake.reading() as connection:
        lines, width = first_lines(connection, EVER, shown=3), line_bytes(connection)
        no_lines = first_lines(connection, over(START - timedelta(days=2), START - timedelta(days=1)))
    written = filled.export()
    told = preview(written.count(b"\n") - 1, width)
    assert abs(told.approximate_bytes - len(written)) < 0.05 * len(written)
    assert written.decode().startswith(lines)
    assert lines.count("\n") == 4
    assert (preview(0, width).approximate_bytes, no_lines) == (len(HEADER), HEADER)


def test_an_empty_store_has_no_lines_to_measure(own_shelf: Shelf) -> None:
    with own_shelf.lake.reading() as connection:
        assert line_bytes(connection) == 0


def test_the_file_name_carries_range_and_zone() -> None:
    frame = Timeframe(
        datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC), "Europe/Berlin"
    )
    assert file_name(Selection(frame)) == "api-calls_2026-10-24_to_2026-11-21_Europe-Berlin.csv"


def test_tables_hold_the_ten_columns(filled: Shelf) -> None:
    with filled.lake.reading() as connection:
        assert next(stream.tables(connection, EVER)).column_names == FIELDS


@pytest.mark.parametrize("rows", [1, 2, 7, 59, 10**6])
def test_pieces_are_the_lines_whatever_their_size(filled: Shelf, rows: int) -> None:
    with filled.lake.reading() as connection:
        for table in stream.tables(connection, EVER):
            some = table.slice(0, 59)
            made = list(pieces(some, rows=rows))
            assert b"".join(made) == lines(some)
            assert [piece.count(b"\n") for piece in made] == [
                min(rows, some.num_rows - start) for start in range(0, some.num_rows, rows)
            ]
            assert not list(pieces(some.slice(0, 0)))

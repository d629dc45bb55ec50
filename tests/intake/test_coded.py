"""Texts held as numbers on their way into the store come out as they were, and so do all sums of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.importing import Shelf, as_csv, row
from usage_core.errors import StoreUnavailable
from usage_core.intake import coded, foreseen, storing
from usage_core.store import new_sums, rollups
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS

UNPRICED = {"input_price": "", "output_price": ""}
GIVEN = (
    {"api_key_id": "k1", "completion_time_ms": "100"},
    {"api_key_id": "k1", "api_key_name": "", "completion_time_ms": "2000"},
    {"api_key_id": "k2", "provider": "", "completion_time_ms": ""},
    {"api_key_id": "k2", "model": "unheard-of", "provider": "Nobody", **UNPRICED},
    {"api_key_id": "k3", "output_tokens": "", **UNPRICED},
    {"api_key_id": "k3", "called_at": "2026-09-01T00:00:00Z", "input_price": "7", "input_tokens": "3"},
    {"api_key_id": "=k4", "model": "text-embedding-3-small", "output_tokens": "", "output_price": ""},
)


def calls(shelf: Shelf) -> list[str]:
    """All calls, in any order, but for the import they are of."""
    names = (column.name for column in CALLS.columns if column.name != "import_id")
    return sorted(map(str, shelf.stored(None, *names)))


def empty(shelf: Shelf) -> dict[str, int]:
    """How many calls have no value in a column, as a question for them finds."""
    with shelf.lake.reading() as connection:
        return {
            column.name: connection.execute(
                sa.select(sa.func.count()).select_from(CALLS).where(column.is_(None))
            ).scalar_one()
            for column in CALLS.columns
        }


def sums(shelf: Shelf) -> dict[str, list[str]]:
    """All rows of all rollups, in any order."""
    with shelf.lake.reading() as connection:
        return {
            table.name: sorted(map(str, connection.execute(rollups.added_up(table))))
            for table in rollups.TABLES
        }


def test_what_is_held_as_numbers_is_stored_as_it_is(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.rows(*GIVEN)
    plain, plain_sums = calls(shelf), sums(shelf)
    monkeypatch.setattr(coded, "FEW_ROWS", 0)
    monkeypatch.setattr(new_sums, "FEWEST_IN_FILE", 1)
    for most in (coded.MOST_VALUES, 1):  # few values, and too many to be held
        shelf.clear()
        monkeypatch.setattr(coded, "MOST_VALUES", most)
        receipt = shelf.rows(*GIVEN)
        assert receipt.rows_stored == len(GIVEN)
        assert (calls(shelf), sums(shelf)) == (plain, plain_sums), most
        values = zip(*shelf.stored(None, *CALLS.columns.keys()), strict=True)
        assert list(empty(shelf).values()) == [each.count(None) for each in values]
        with shelf.lake.writing() as connection:
            rollups.rebuild(connection, "UTC")
        assert sums(shelf) == plain_sums, "sums of what was stored differ from sums of what was on its way"


ODD = (
    {"api_key_id": "''=k5", "provider": "'=odd"},
    {"api_key_id": "'=k5", "provider": "''=odd"},
    {"api_key_id": "k1", "model": " "},
    {"api_key_id": "", "model": "late"},
    {"model": "x" * 4001},
    {"model": "late", "input_tokens": "many"},
)


def test_what_was_foreseen_is_stored_as_it_is(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def few(_path: Path, into: Path) -> Path:
        into.write_bytes(as_csv([row(api_key_id="k1"), row(provider="Nobody")]).encode())
        return into

    found: list[dict[str, str]] = []
    types = foreseen.types

    def noted(*given: Any) -> dict[str, str]:
        found.append(types(*given))
        return found[-1]

    monkeypatch.setattr(coded, "FEW_ROWS", 0)
    plain = shelf.rows(*GIVEN, *ODD)
    expected = calls(shelf), sums(shelf), shelf.set_aside(plain)
    monkeypatch.setattr(foreseen, "WORTH_BYTES", 0)
    monkeypatch.setattr(foreseen, "types", noted)
    for pieces in (foreseen.pieces, few):  # the whole file, and but a few of its texts
        monkeypatch.setattr(foreseen, "pieces", pieces)
        shelf.clear()
        receipt = shelf.rows(*GIVEN, *ODD)
        assert set(found[-1]) == {"api_key_id", "api_key_name", "provider", "model"}
        assert (calls(shelf), sums(shelf), shelf.set_aside(receipt)) == expected
        assert shelf.rows(*GIVEN, *ODD).rows_duplicate == receipt.rows_stored


def test_a_sample_that_cannot_be_read_is_done_without(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_path: Path, into: Path) -> Path:
        return into

    monkeypatch.setattr(foreseen, "WORTH_BYTES", 0)
    monkeypatch.setattr(foreseen, "pieces", gone)
    assert shelf.rows(*GIVEN).rows_stored == len(GIVEN)


def test_the_sample_is_of_whole_lines_from_all_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreseen, "PIECE_BYTES", 64)
    lines = [f"{number:05},{'x' * (number % 30)}" for number in range(5_000)]
    (tmp_path / "log.csv").write_text("\n".join(["header", *lines]))
    found = foreseen.pieces(tmp_path / "log.csv", tmp_path / "pieces.csv").read_text().splitlines()
    assert set(found) < set(lines)
    assert len(found) > foreseen.PIECES
    places = [lines.index(line) for line in found]
    assert (min(places), max(places) > 4_900) == (0, True)


def test_an_empty_column_has_no_values_to_hold(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "FEW_ROWS", 0)
    shelf.rows({"api_key_name": "", "provider": ""})
    assert shelf.stored(None, "api_key_name", "provider") == [(None, None)]
    with shelf.lake.reading() as connection:
        found = connection.execute(sa.select(rollups.KEY_NAMES.c.api_key_name)).scalars().all()
    assert found == [None]


def test_an_import_that_fails_leaves_no_file(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(coded, "FEW_ROWS", 0)
    monkeypatch.setattr(storing, "append_sums", fail)
    before = set(own_shelf.lake.folder.rglob("*.parquet"))
    with pytest.raises(StoreUnavailable):
        own_shelf.rows(*GIVEN)
    assert set(own_shelf.lake.folder.rglob("*.parquet")) == before
    assert own_shelf.stored() == []


def test_what_fails_after_the_commit_takes_no_file_away(
    own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = Lake.writing

    @contextmanager
    def writing_and_stopped(lake: Lake) -> Iterator[sa.Connection]:
        with writing(lake) as connection:
            yield connection
        raise KeyboardInterrupt

    monkeypatch.setattr(coded, "FEW_ROWS", 0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Lake, "writing", writing_and_stopped)
        own_shelf.rows(*GIVEN)
    assert len(own_shelf.stored()) == len(GIVEN)

"""One call is stored once, however often and in whatever files it comes."""

import json
from datetime import timedelta

import pytest

from tests.importing import Shelf, as_csv, row
from usage_core.intake import run
from usage_core.schema import EXPORT_HEADER


def test_copies_are_counted_over_files(shelf: Shelf) -> None:
    one, other = row(), row(api_key_id="key-2")
    first = shelf.take(as_csv([one, one, other]))
    assert (first.rows_stored, first.rows_duplicate) == (3, 0), "two equal rows in one file are two calls"
    again = shelf.take(as_csv([one, one, other]))
    assert (again.rows_stored, again.rows_duplicate) == (0, 3)
    more = shelf.take(as_csv([one, one, one]))
    assert (more.rows_stored, more.rows_duplicate) == (1, 2), "three copies where two are stored add one"
    fewer = shelf.take(as_csv([one]))
    assert (fewer.rows_stored, fewer.rows_duplicate) == (0, 1)
    assert len(shelf.stored()) == 4


def test_overlapping_files_add_what_is_new(shelf: Shelf) -> None:
    rows = [row(called_at=f"2026-08-{day:02}T00:00:00Z") for day in range(1, 31)]
    assert shelf.take(as_csv(rows[:20])).rows_stored == 20
    second = shelf.take(as_csv([*rows[10:], row(model=""), rows[-1]]))
    assert (second.rows_read, second.rows_stored, second.rows_duplicate) == (22, 11, 10)
    assert second.rows_rejected == 1
    assert len(shelf.stored()) == 31


def test_what_tells_calls_apart(shelf: Shelf) -> None:
    """A renamed key or a corrected price is the same call; any other difference is another one."""
    shelf.take(as_csv([row(), row(output_tokens="", output_price="")]))
    same = [
        row(api_key_name="renamed"),
        row(output_tokens="", output_price="1.00", input_price="9.00"),
        row(called_at="2026-08-03T11:14:07.412000+02:00", input_price=""),
    ]
    others = [
        row(called_at="2026-08-03T09:14:07.412001Z"),
        row(api_key_id="key-2"),
        row(provider="openai"),
        row(provider=""),
        row(model="gpt-4o-mini"),
        row(input_tokens="501"),
        row(output_tokens="0"),
        row(completion_time_ms=""),
    ]
    receipt = shelf.take(as_csv([*same[:2], *others]))
    assert (receipt.rows_stored, receipt.rows_duplicate) == (len(others), 2)
    assert shelf.take(as_csv(same[2:])).rows_duplicate == 1


OWN = EXPORT_HEADER + ",Call Kind,Source Call ID\n"
LONG = "chatcmpl-0123456789"


def named(call_id: str, **given: str) -> list[str]:
    return [*row(**given), "completion", call_id]


def test_an_id_tells_a_call_whatever_else_differs(shelf: Shelf) -> None:
    first = shelf.take(as_csv([named(LONG), named(LONG), named("a"), named("b")]), header=OWN)
    assert (first.rows_stored, first.rows_duplicate) == (3, 1), "delivered twice, in one file"
    later = {"called_at": "2026-08-03T21:00:00Z", "input_tokens": "7"}
    again = shelf.take(as_csv([named(LONG, **later), named("a", **later), named("c")]), header=OWN)
    assert (again.rows_stored, again.rows_duplicate) == (1, 2)
    other_day = shelf.take(as_csv([named(LONG, called_at="2026-08-05T00:00:00Z")]), header=OWN)
    assert other_day.rows_stored == 1


def test_an_id_is_the_same_in_two_formats_if_it_is_no_mere_number(shelf: Shelf) -> None:
    call = {"api_key": "k", "call_type": "completion", "model": "gpt-4o", "spend": 1, "prompt_tokens": 500}
    logged = [
        call | {"request_id": LONG, "startTime": "2026-08-03T09:14:08Z"},
        call | {"request_id": "17", "startTime": "2026-08-03T09:14:08Z"},
    ]
    shelf.take(as_csv([named(LONG), named("17")]), header=OWN)
    receipt = shelf.take(json.dumps(logged), header="", name="spend.json")
    assert (receipt.source, receipt.rows_stored, receipt.rows_duplicate) == ("litellm", 1, 1)


def test_an_export_without_ids_is_what_is_there(shelf: Shelf) -> None:
    """Whichever came first: with ids, or without."""
    shelf.take(as_csv([named("a"), named("b"), named("c", model="m")]), header=OWN)
    assert shelf.take(as_csv([row(), row(), row()])).rows_duplicate == 2
    shelf.clear()
    shelf.take(as_csv([row()]))
    receipt = shelf.take(as_csv([named("a"), named("b")]), header=OWN)
    assert (receipt.rows_stored, receipt.rows_duplicate) == (1, 1)


@pytest.mark.parametrize("many", [0, run.MANY_ROWS])
def test_a_large_file_is_compared_as_a_small_one(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """By what is in it but once, and by counting what is in it again."""
    monkeypatch.setattr(run, "MANY_ROWS", many)
    monkeypatch.setattr(run, "portions", lambda hours: [(hour, hour + timedelta(hours=1)) for hour in hours])
    keys = {"once": 1, "twice": 2, "named": 1}
    shelf.take(as_csv(named("", api_key_id=key) for key, times in keys.items() for _ in range(times)), OWN)
    shelf.take(as_csv([named(LONG, api_key_id="with an id")]), OWN)
    given = ["once", *["twice"] * 3, "new", "new", "with an id"]
    rows = [named("", api_key_id=key) for key in given]
    rows += [named("", api_key_id="new", called_at=f"2026-08-{day}T00:00:00Z") for day in (10, 11, 12)]
    rows += [named(f"{LONG} {key}", api_key_id=key) for key in ("named", "with an id")]
    receipt = shelf.take(as_csv(rows), OWN)
    assert (receipt.rows_stored, receipt.rows_duplicate) == (7, 5)
    again = shelf.take(as_csv([named("", called_at="2026-07-01T00:00:00Z"), *rows]), OWN)
    assert (again.rows_stored, again.rows_duplicate) == (1, len(rows))
    assert sorted(key for (key,) in shelf.stored(receipt, "api_key_id")) == [
        *["new"] * 5,
        "twice",
        "with an id",
    ]

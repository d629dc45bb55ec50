"""What users of other consoles complained about: for each complaint a test that would have caught it here.

Where the test is among those of what it tries, `ELSEWHERE` names it.
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import EVER, Shelf, as_csv, open_copy, row
from usage_core.errors import UsageError
from usage_core.export.preview import line_bytes, preview
from usage_core.export.stream import csv_stream
from usage_core.intake.receipt import Receipt
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.prices.rules import Rule, RuleKind, check
from usage_core.schema import EXPORT_HEADER
from usage_core.selection import Selection
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe

ROOT = Path(__file__).resolve().parents[1]
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = Selection(Timeframe(UNTIL - timedelta(days=365), UNTIL, "UTC"))
MANY = 1_000_500

ELSEWHERE = {
    5: (
        "Without an index one question read eleven million rows: questions of keys and models are "
        "answered by the sums that are kept for them.",
        ("metrics/test_rollups.py::test_the_rollup_that_answers",),
    ),
    6: (
        "One day showed nine times its cost, because its hours were moved twice.",
        ("metrics/test_zones.py::test_every_call_is_in_the_period_its_zone_says",),
    ),
    7: (
        "Five single days came to half as much again as the five days together.",
        ("metrics/test_zones.py::test_single_days_add_up_to_their_range",),
    ),
    8: (
        "West of Greenwich today was empty in the evening.",
        ("test_timeframe.py::test_today_is_not_empty_in_the_evening_west_of_utc",),
    ),
    9: (
        "Charts, logs and files each had a time zone of their own, and none said which.",
        ("export/test_stream.py::test_the_file_name_carries_range_and_zone",),
        ("charts/test_over_time.py::test_the_title_names_the_period_the_unit_and_the_zone",),
        ("metrics/test_rollups.py::test_another_zone_rebuilds",),
    ),
    10: (
        "What was written to the cache was billed twice: once as such, once as input.",
        ("intake/test_pricing.py::test_cost_of_the_parts_is_the_cost",),
    ),
    11: (
        "A streamed call cost seven times too much: what was read from the cache had the price of input.",
        ("importers/test_samples.py::test_a_sample_reads_as_its_golden_file_says",),
    ),
    12: (
        "Twice the input tokens were shown, since one source counts cached ones within and another beside.",
        ("importers/test_samples.py::test_a_sample_reads_as_its_golden_file_says",),
    ),
    15: (
        "History was priced anew at today's rates, and last month's cost changed.",
        ("intake/test_pricing.py::test_the_order_of_truth",),
        ("intake/test_pricing.py::test_the_price_is_that_of_the_time_of_the_call",),
    ),
    16: (
        "A price that was entered late never reached the calls it was for.",
        ("intake/test_pricing.py::test_pricing_anew_is_previewed_applied_and_undone",),
        ("intake/test_repricing.py::test_undoing_gives_back_every_column_and_every_sum",),
    ),
    21: (
        "Ids that came twice, or were blank, made later calls vanish.",
        ("intake/test_duplicates.py::test_what_tells_calls_apart",),
        ("intake/test_duplicates.py::test_an_id_is_the_same_in_two_formats_if_it_is_no_mere_number",),
    ),
    22: (
        "The exported file said otherwise than the screen.",
        ("metrics/test_file.py::test_charts_add_up_to_the_file",),
        ("e2e/test_main_job.py::test_dates_figures_and_file_agree_and_choices_stay",),
    ),
    25: (
        "The log filled the disk, and there was no way to have the old part of it deleted.",
        ("intake/test_retention.py::test_what_is_left_is_what_was_never_deleted",),
        ("store/test_maintenance.py::test_what_nobody_can_be_reading_is_removed",),
    ),
}
"""Number: the complaint, and the tests that would have caught it."""


@pytest.mark.parametrize("number", ELSEWHERE)
def test_what_is_caught_elsewhere(number: int) -> None:
    _, *tests = ELSEWHERE[number]
    for (name,) in tests:
        file, _, function = name.partition("::")
        body = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8")).body
        assert function in [each.name for each in body if isinstance(each, ast.FunctionDef)], name


def test_every_complaint_has_a_test() -> None:
    here = [name for name in globals() if name.startswith("test_lesson_")]
    numbers = [int(part) for name in here for part in name.split("_")[2:] if part.isdecimal()]
    assert sorted([*numbers, *ELSEWHERE]) == list(range(1, 26))


_MADE = sa.text(f"""
    INSERT INTO {CALLS.name} BY NAME
    SELECT CAST(:first AS TIMESTAMP) + to_microseconds(n * :step_us) AS called_at, 'completion' AS kind,
        'key-' || (n % 60) AS api_key_id, 'Key ' || (n % 60) AS api_key_name, 'OpenAI' AS provider,
        provider AS provider_name, 'model-' || (n % 7) AS model, model AS model_name,
        n % 9000 AS input_tokens, n % 700 AS output_tokens, n % 20000 AS completion_time_ms,
        2.5 AS input_price, 10 AS output_price,
        if(n % 50 = 0, NULL, 2500000 * input_tokens + 10000000 * output_tokens) AS cost_pico,
        if(n % 50 = 0, 'unknown', 'row') AS cost_basis, 'ok' AS status, 'made' AS source, 'made' AS import_id
    FROM range({MANY}) made(n)
""")  # noqa: S608


@pytest.fixture(scope="module")
def million(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A year of more calls than the best-known console is ready to show."""
    lake = open_copy(empty_store, tmp_path_factory.mktemp("million") / "store")
    step = (YEAR.timeframe.end - YEAR.timeframe.start) // MANY
    first = YEAR.timeframe.start.replace(tzinfo=None)
    with lake.writing() as connection:
        connection.execute(_MADE, {"first": first, "step_us": step.microseconds + 10**6 * step.seconds})
        rollups.append(connection, "UTC", first, first + MANY * step)
        Receipt(
            import_id="made",
            imported_at=first,
            file_name="made",
            file_bytes=0,
            source="made",
            rows_read=MANY,
            rows_stored=MANY,
            rows_duplicate=0,
            rows_rejected=0,
            first_call_at=first,
            last_call_at=first + (MANY - 1) * step,
            catalogue_version="made",
        ).store(connection)
    yield lake
    lake.close()


@pytest.mark.parametrize("by", ["key", "model", "day"])
def test_lesson_1_2_4_a_year_of_a_million_calls_is_answered(million: Lake, by: str) -> None:
    """From a million calls on the page was not shown, or wanted a shorter timeframe, or read every call."""
    with million.reading() as connection:
        answer = ask(connection, Question(YEAR, ("calls", "cost_usd"), (by,)), coverage(connection))
        counted = sa.select(sa.func.count(), sa.func.sum(CALLS.c.cost_pico))
        calls, pico = connection.execute(counted).one()
    assert calls == MANY == answer["calls"].sum()
    assert sum(answer["cost_usd"].dropna()) == Decimal(int(pico)).scaleb(-12)
    assert CALLS.name not in answer.attrs["sources"]


def test_lesson_3_a_page_reads_the_calls_of_its_edges_alone(million: Lake) -> None:
    """Whoever opened the usage page had every row of the timeframe read, and took production down with it.

    A long answer that nobody waits for any more ends, too: `tests/test_answers.py`.
    """
    read: list[timedelta] = []

    def note(_connection: object, _cursor: object, sql: str, given: tuple[datetime, ...], *_: object) -> None:
        for first, last in re.findall(r"calls\.called_at >= \$(\d+) AND calls\.called_at < \$(\d+)", sql):
            read.append(given[int(last) - 1] - given[int(first) - 1])

    until_now = Selection(Timeframe(YEAR.timeframe.start, UNTIL - timedelta(minutes=90), "UTC"))
    sa.event.listen(million.engine, "before_cursor_execute", note)
    try:
        with million.reading() as connection:
            for by in ((), ("day",), ("day", "key"), ("model",)):
                ask(connection, Question(until_now, ("calls", "cost_usd"), by), coverage(connection))
    finally:
        sa.event.remove(million.engine, "before_cursor_execute", note)
    assert read
    assert max(read) < timedelta(days=1)


def test_lesson_23_24_a_file_of_a_million_calls_is_whole(million: Lake) -> None:
    """Exports were cut off at some number of rows, were killed by a time limit, or were made anew with
    every click, before anybody asked for them."""
    with million.reading() as connection:
        told = preview(MANY, line_bytes(connection))
    rows = size = 0
    for piece in csv_stream(million, YEAR):
        rows, size = rows + piece.count(b"\n"), size + len(piece)
        assert len(piece) < 32 * 2**20  # never the whole
    assert rows == MANY + 1
    assert told.approximate_bytes == pytest.approx(size, rel=0.05)


def test_lesson_13_14_an_unknown_price_is_not_nothing(shelf: Shelf) -> None:
    """A model that is on no price list cost nothing, silently; so did tokens of a kind without a price."""
    shelf.rows(
        {"model": "no-such-model", "provider": "Nobody", "input_price": "", "output_price": ""},
        {"model": "half-priced", "provider": "Nobody", "output_price": ""},
        {},
    )
    with shelf.lake.reading() as connection:
        one = ask(connection, Question(EVER, ("calls", "cost_usd", "unpriced_calls"), ("model",)))
    known = one.set_index("model")
    for model in ("no-such-model", "half-priced"):
        assert known.loc[model, "cost_usd"] is None
        assert known.loc[model, "unpriced_calls"] == 1
    assert known.loc["gpt-4o", "cost_usd"] == Decimal("0.01325")


@pytest.mark.parametrize("column", ["input_price", "output_price"])
@pytest.mark.parametrize("price", ["-1000000", "-0.01"])
def test_lesson_17_18_no_cost_below_nothing(shelf: Shelf, column: str, price: str) -> None:
    """Prices of less than nothing, some of them marks for "unknown", gave money back."""
    assert len(shelf.look(as_csv([row(**{column: price}), row()])).good) == 1
    rule = Rule(kind=RuleKind.PRICE, provider="OpenAI", model="gpt-4o", **{column: Decimal(price)})
    with pytest.raises(UsageError, match="price is below 0"):
        check(rule, ())


def test_no_recorded_cost_below_nothing(shelf: Shelf) -> None:
    """Of lesson 17, too: the costs that a gateway wrote down were below nothing."""
    header = EXPORT_HEADER + ",Call Kind,Cost (USD),Cost Basis\n"
    unpriced = row(input_price="", output_price="")
    lines = [[*unpriced, "completion", cost, "recorded"] for cost in ("-0.847665", "0.02")]
    found = shelf.look(as_csv(lines), header)
    assert (len(found.good), found.bad_lines) == (1, [2])


@pytest.mark.parametrize("column", ["input_tokens", "output_tokens", "completion_time_ms"])
def test_lesson_19_counts_below_nothing_are_set_aside(shelf: Shelf, column: str) -> None:
    """Negative counts from a gateway went into sums and percentiles."""
    found = shelf.look(as_csv([row(**{column: "-7"}), row()]))
    assert (found.rows, len(found.good)) == (2, 1)
    [(line, field, value, _reason)] = found.bad
    assert (line, field, value) == (2, column, "-7")


def test_lesson_20_every_combination_is_kept(shelf: Shelf) -> None:
    """Of the combinations of key and model in a batch only the first hundred were written."""
    kept = [
        {"api_key_id": f"key-{key}", "model": f"model-{model}"} for key in range(15) for model in range(14)
    ]
    receipt = shelf.rows(*kept)
    assert receipt.rows_stored == len(kept) == 210
    with shelf.lake.reading() as connection:
        answer = ask(connection, Question(EVER, ("calls",), ("key", "model")), coverage(connection))
    assert len(answer) == 210
    assert set(answer["calls"]) == {1}

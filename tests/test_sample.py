"""The sample: exact, repeatable, bounded, and its story visible in the numbers."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.errors import UsageError
from usage_core.sample import (
    SAMPLE_CALLS,
    SAMPLE_DAYS,
    SAMPLE_SEED,
    SCHEMA,
    batches,
    generate,
    key_id,
    story,
    write_csv,
)
from usage_core.sample import prices as sample_prices
from usage_core.sample.cast import KEYS, MODELS
from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER

# One worker makes the default sample once.
pytestmark = pytest.mark.xdist_group("sample")

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
TELLS = story(UNTIL)
Ask = Callable[[str], list[tuple[Any, ...]]]


def table(calls: int, days: int, seed: int = 1, until: datetime = UNTIL) -> pa.Table:
    return pa.Table.from_batches(batches(calls, days, seed, until), schema=SCHEMA)


@pytest.fixture(scope="module")
def ask() -> Ask:
    """What follows SELECT, asked of `calls`: the default sample with its day and its cost in USD."""
    connection = duckdb.connect()
    connection.register("raw", table(SAMPLE_CALLS, SAMPLE_DAYS, SAMPLE_SEED))
    connection.execute(
        "CREATE TABLE calls AS SELECT *, called_at::DATE AS day, (input_tokens * input_price::DOUBLE"
        " + coalesce(output_tokens * output_price::DOUBLE, 0)) / 1e6 AS cost FROM raw"
    )
    return lambda sql: connection.execute(f"SELECT {sql}").fetchall()


def value(ask: Ask, sql: str) -> float:
    return float(ask(sql)[0][0])


def test_fields_are_the_export() -> None:
    assert SCHEMA.names == [column.name for column in EXPORT_COLUMNS]
    assert SCHEMA.field("called_at").type == pa.timestamp("us")
    assert SCHEMA.field("model").type.value_type == pa.string()
    assert SCHEMA.field("input_tokens").type == pa.int64()
    assert SCHEMA.field("output_price").type == pa.decimal128(12, 6)


@settings(max_examples=10)
@given(st.integers(0, 400), st.integers(1, 30), st.integers(0, 2**70))
def test_count_order_and_range(calls: int, days: int, seed: int) -> None:
    times = table(calls, days, seed)["called_at"].to_pylist()
    end = UNTIL.replace(tzinfo=None)
    assert len(times) == calls
    assert all(before <= after for before, after in pairwise(times))
    assert all(end - timedelta(days=days) <= time < end for time in times)


@pytest.mark.parametrize(("calls", "days"), [(0, 1), (1, 1), (1, 3_650), (7, 30), (5_000, 1)])
def test_edges(calls: int, days: int) -> None:
    assert table(calls, days).num_rows == calls


def test_every_day_full_and_times_spread() -> None:
    days = {time.date() for time in table(2_000, 14)["called_at"].to_pylist()}
    assert len(days) == 14
    hours = {time.hour for time in table(2_000, 1)["called_at"].to_pylist()}
    assert hours == set(range(24))


def test_repeatable() -> None:
    assert table(3_000, 40, 5).equals(table(3_000, 40, 5))
    assert not table(3_000, 40, 5).equals(table(3_000, 40, 6))


def test_same_on_every_machine() -> None:
    """A change of this digest changes everybody's sample: only on purpose. Prices are the package's."""
    rows = table(5_000, 60, 3).drop_columns(["input_price", "output_price"]).to_pylist()
    text = "\n".join(",".join(str(cell) for cell in row.values()) for row in rows)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


DIGEST = "6bef0e78f314ec04af6927ce9e5f562e12e43954383c890a48711208b2cd0bfd"


def test_batches_are_bounded_and_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(4_000, 3)
    monkeypatch.setattr(generate, "BATCH_ROWS", 100)
    parts = list(batches(4_000, 3, 1, UNTIL))
    assert max(part.num_rows for part in parts) == 100
    assert pa.Table.from_batches(parts).combine_chunks() == whole.combine_chunks()


def test_a_large_log_starts_at_once() -> None:
    first = next(batches(10**12, 2, 1, UNTIL))
    assert first.num_rows == generate.BATCH_ROWS


@pytest.mark.parametrize(
    ("calls", "days", "seed", "until"),
    [
        (-1, 1, 0, UNTIL),
        (1, 0, 0, UNTIL),
        (1, -3, 0, UNTIL),
        (1, 3_651, 0, UNTIL),
        (1, 1, -1, UNTIL),
        (1, 1, 0, UNTIL.replace(tzinfo=None)),
        (1, 1, 0, UNTIL.replace(hour=1)),
        (1, 1, 0, UNTIL.replace(tzinfo=timezone(timedelta(hours=2)))),
        (1, 1, 0, datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_refused_at_once(calls: int, days: int, seed: int, until: datetime) -> None:
    with pytest.raises(UsageError):
        batches(calls, days, seed, until)


def test_cast() -> None:
    priced = [model for model in MODELS if model.catalogue]
    assert (len(KEYS), len(priced), len({model.provider for model in MODELS})) == (40, 25, 8)
    assert len({key.name for key in KEYS}) == 40
    assert len({model.name for model in MODELS}) == len(MODELS)
    assert all(sum(key.models.values()) == 100 and 1 <= len(key.models) <= 4 for key in KEYS)
    assert any("," in key.name for key in KEYS)
    assert any(not key.name.isascii() for key in KEYS)
    assert {model for key in KEYS for model in key.models} == {model.name for model in MODELS}


def test_keys_have_one_id_and_one_name(ask: Ask) -> None:
    pairs: dict[str, str] = dict(ask("DISTINCT api_key_id, api_key_name FROM calls"))
    assert pairs == {key_id(SAMPLE_SEED, key.name): key.name for key in KEYS}
    assert key_id(SAMPLE_SEED, "staging") != key_id(SAMPLE_SEED + 1, "staging")


def test_volumes_are_unequal(ask: Ask) -> None:
    counts = [n for (n,) in ask("count(*) AS n FROM calls GROUP BY api_key_id ORDER BY n DESC")]
    assert sum(counts[:4]) > 0.4 * SAMPLE_CALLS
    assert sum(counts[20:]) < 0.15 * SAMPLE_CALLS


def test_spend_of_a_mid_size_company(ask: Ask) -> None:
    assert value(ask, "sum(cost) FROM calls") == pytest.approx(7_000, rel=0.2)


def test_embeddings(ask: Ask) -> None:
    names = ",".join(f"'{model.name}'" for model in MODELS if model.is_embedding)
    assert value(ask, f"avg((model IN ({names}))::INT) FROM calls") == pytest.approx(0.2, abs=0.02)
    assert value(ask, f"count(*) FROM calls WHERE (model IN ({names})) != (output_tokens IS NULL)") == 0
    assert value(ask, "count(output_price) FROM calls WHERE output_tokens IS NULL") == 0
    slow = f"provider = '{TELLS.slow_provider}' AND day >= '{TELLS.slow_from}' AND day < '{TELLS.slow_until}'"
    usual = f"FROM calls WHERE output_tokens IS NULL AND NOT ({slow})"
    assert ask(f"min(completion_time_ms) >= 60, max(completion_time_ms) <= 400 {usual}") == [(True, True)]


def test_tokens_and_times(ask: Ask) -> None:
    limits = "min(input_tokens), max(input_tokens), min(output_tokens), max(output_tokens)"
    assert ask(f"{limits} FROM calls") == [(200, 30_000, 20, 3_000)]
    answers = "FROM calls WHERE output_tokens IS NOT NULL"
    median = value(ask, f"median(completion_time_ms) {answers}")
    assert value(ask, f"quantile_disc(completion_time_ms, 0.99) {answers}") > 5 * median
    assert value(ask, "max(completion_time_ms) FROM calls") <= 600_000
    assert value(ask, f"corr(output_tokens, completion_time_ms) {answers}") > 0.5


def test_unknown_times_and_prices(ask: Ask) -> None:
    assert value(ask, "avg((completion_time_ms IS NULL)::INT) FROM calls") == pytest.approx(0.001, rel=0.3)
    assert value(ask, "avg((input_price IS NULL)::INT) FROM calls") == pytest.approx(0.002, rel=0.3)
    unpriced = "FROM calls WHERE input_price IS NULL"
    assert ask(f"DISTINCT model, output_price {unpriced}") == [(TELLS.unpriced_model, None)]


def test_nobody_has_a_price_for_the_preview() -> None:
    known = [model for provider in get_snapshot().providers for model in provider.models]
    assert [model.id for model in known if model.is_match(TELLS.unpriced_model)] == []


def test_prices_are_the_packages_or_the_storys(ask: Ask) -> None:
    rows = ask(f"DISTINCT model, day < '{TELLS.price_cut_on}', input_price, output_price FROM calls")
    catalogue = {model.name: model.catalogue for model in MODELS if model.catalogue}
    assert {row[0] for row in rows} == {*catalogue, TELLS.unpriced_model}
    for model, before, sent, received in rows:
        if model == TELLS.unpriced_model:
            continue
        _, known = get_snapshot().find_provider_model(model, None, catalogue[model], None)
        price: Any = known.get_prices(UNTIL)
        times = TELLS.price_before if before and model == TELLS.price_cut_model else Decimal(1)
        assert sent == getattr(price.input_mtok, "base", price.input_mtok) * times
        if received is not None:
            assert received == getattr(price.output_mtok, "base", price.output_mtok) * times


def test_prices_are_those_in_force_at_the_end() -> None:
    """gemini-3.8-flash becomes dearer on 2027-01-01."""
    place = [model.name for model in MODELS].index("gemini-3.8-flash")
    cheap = sample_prices.model_prices(UNTIL)[place]
    dear = sample_prices.model_prices(datetime(2027, 2, 1, tzinfo=UTC))[place]
    assert cheap.times(Decimal(2)) == dear


def test_a_vanished_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = MODELS[0]._replace(name="no-such-model")
    monkeypatch.setattr(sample_prices, "MODELS", (gone, *MODELS[1:]))
    with pytest.raises(UsageError, match="no-such-model"):
        batches(1, 1, 0, UNTIL)


def test_rhythm(ask: Ask) -> None:
    week: dict[int, int] = dict(ask("isodow(day), count(*) FROM calls GROUP BY 1"))
    assert max(week[6], week[7]) < 0.6 * min(week[day] for day in range(1, 6))
    office = "FROM calls WHERE api_key_name = 'code-assistant'"
    assert value(ask, f"avg((hour(called_at) BETWEEN 7 AND 17)::INT) {office}") > 0.8
    night = "FROM calls WHERE api_key_name = 'nightly-summaries'"
    assert value(ask, f"avg((hour(called_at) < 6 OR hour(called_at) > 20)::INT) {night}") > 0.9


def test_growth(ask: Ask) -> None:
    weeks = [n for (n,) in ask("count(*) FROM calls GROUP BY date_trunc('week', day) ORDER BY min(day)")]
    assert 1.4 < sum(weeks[-4:-1]) / sum(weeks[1:4]) < 1.7


def test_runaway_key(ask: Ask) -> None:
    daily: dict[date, float] = dict(
        ask(
            "day, sum(cost) FROM calls WHERE isodow(day) < 6"
            f" AND api_key_name = '{TELLS.runaway_key}' AND day > '2026-10-22' GROUP BY day"
        )
    )
    usual = sorted(daily.values())[len(daily) // 2]
    assert 6 < daily[TELLS.runaway_on] / usual < 10
    assert max(daily, key=lambda day: daily[day]) == TELLS.runaway_on
    assert ask("day FROM calls GROUP BY day ORDER BY sum(cost) DESC LIMIT 1") == [(TELLS.runaway_on,)]


@pytest.mark.parametrize(
    ("key", "model", "factor"),
    [
        ("ticket-labels", "mistral-small-latest", 4),
        ("ticket-labels", "llama-3.3-70b-versatile", 1),
        ("contract-review", "mistral-embed", 4),
        ("prod-checkout", "gpt-6-luna", 1),
    ],
)
def test_slow_provider(ask: Ask, key: str, model: str, factor: int) -> None:
    assert factor in (1, TELLS.slow_factor)
    slow = f"day >= '{TELLS.slow_from}' AND day < '{TELLS.slow_until}'"
    calls = f"median(completion_time_ms) FROM calls WHERE api_key_name = '{key}' AND model = '{model}'"
    ratio = value(ask, f"{calls} AND {slow}") / value(ask, f"{calls} AND NOT ({slow})")
    assert ratio == pytest.approx(factor, rel=0.25)


def test_quiet_and_new_key(ask: Ask) -> None:
    first_and_last = "min(day), max(day) FROM calls WHERE api_key_name = '{}'"
    assert ask(first_and_last.format(TELLS.quiet_key))[0][1] == TELLS.quiet_from - timedelta(days=1)
    assert ask(first_and_last.format(TELLS.new_key)) == [(TELLS.new_from, UNTIL.date() - timedelta(days=1))]


def test_price_cut(ask: Ask) -> None:
    prices = ask(
        "input_price, min(day), max(day), count(*) FROM calls"
        f" WHERE model = '{TELLS.price_cut_model}' GROUP BY 1 ORDER BY 2"
    )
    assert len(prices) == 2
    assert prices[0][0] == prices[1][0] * TELLS.price_before
    assert prices[0][2] + timedelta(days=1) == prices[1][1] == TELLS.price_cut_on
    assert prices[0][3] + prices[1][3] > 0.05 * SAMPLE_CALLS


@pytest.mark.parametrize("day", range(7))
def test_events_fall_on_working_days_of_the_last_month(day: int) -> None:
    until = UNTIL + timedelta(days=day)
    told = story(until)
    busy = (told.runaway_on, told.slow_from, told.slow_from + timedelta(days=1))
    assert all(event.weekday() < 5 for event in busy)
    assert all(until.date() - timedelta(days=30) <= event < until.date() for event in busy)


def as_written(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds" if cell.microsecond else "seconds") + "Z"
    return "" if cell is None else str(cell)


def test_csv_reads_back() -> None:
    file = io.BytesIO()
    told: list[int] = []
    written = write_csv(file, 3_000, 60, 2, UNTIL, told.append)
    content = file.getvalue()
    assert written == len(content)
    assert content.startswith(EXPORT_HEADER.encode() + b"\n2026-")
    assert content.count(b"\r") == 0
    assert content.endswith(b"\n")
    read = list(csv.reader(io.StringIO(content.decode("utf-8"))))[1:]
    assert told[-1] == len(read) == 3_000
    for row, call in zip(read, table(3_000, 60, 2).to_pylist(), strict=True):
        *cells, sent, received = call.values()
        assert row[:8] == [as_written(cell) for cell in cells]
        for text, price in zip(row[8:], (sent, received), strict=True):
            assert (Decimal(text) if text else None) == price


def test_csv_form() -> None:
    file = io.BytesIO()
    write_csv(file, 20_000, 120, SAMPLE_SEED, UNTIL)
    lines = file.getvalue().decode().splitlines()[1:]
    assert all(("Marketing" in line) == ('"' in line) for line in lines)
    assert any(',"Marketing, Europe",' in line for line in lines)
    prices = {text for row in csv.reader(lines) for text in row[8:] if text}
    assert {"2.00", "0.02", "0.2288"} <= prices
    assert all(len(text.partition(".")[2].rstrip("0")) > 1 or text[-3] == "." for text in prices)


def test_csv_file_is_the_stream(tmp_path: Path) -> None:
    file = io.BytesIO()
    write_csv(file, 500, 3, 1, UNTIL)
    path = tmp_path / "sample.csv"
    path.write_bytes(b"older")
    write_csv(path, 500, 3, 1, UNTIL)
    assert path.read_bytes() == file.getvalue()
    assert [found.name for found in tmp_path.iterdir()] == ["sample.csv"]


def test_csv_of_no_calls_is_its_header(tmp_path: Path) -> None:
    write_csv(str(tmp_path / "sample.csv"), 0, 1, 1, UNTIL)
    assert (tmp_path / "sample.csv").read_text() == EXPORT_HEADER + "\n"


def test_csv_given_up_leaves_what_was_there(tmp_path: Path) -> None:
    def give_up(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "sample.csv"
    path.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt):
        write_csv(path, 500, 3, 1, UNTIL, give_up)
    assert path.read_bytes() == b"older"
    assert [found.name for found in tmp_path.iterdir()] == ["sample.csv"]


@pytest.mark.parametrize("name", ["missing/sample.csv", "file/sample.csv", "."])
def test_csv_path_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot be written"):
        write_csv(tmp_path / name, 5, 1, 1, UNTIL)

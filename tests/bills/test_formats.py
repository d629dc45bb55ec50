"""Every sample bill is recognised by one format and read as its golden file says; the rest is refused.

`USAGE_WRITE_GOLDENS=1` writes the golden files anew; read the difference before you keep it.
"""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.bills.format import BillRefused, Reading
from usage_core.bills.formats.plain import TEMPLATE
from usage_core.bills.opening import opened
from usage_core.bills.registry import formats, recognised
from usage_core.timeframe import midnight

SAMPLES = Path(__file__).parents[1] / "samples" / "bills"
FILES = sorted(path for path in SAMPLES.iterdir() if not path.name.endswith(".golden.json"))


def read(path: Path) -> Reading:
    document = opened(path, path.name)
    return recognised(document).read(document)


def read_text(folder: Path, text: str, name: str = "bill.csv") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_reads_as_its_golden_file_says(path: Path) -> None:
    found = json.dumps(asdict(read(path)), indent=1, ensure_ascii=False, default=str)
    expected = path.with_name(f"{path.stem}.golden.json")
    if os.environ.get("USAGE_WRITE_GOLDENS"):
        expected.write_text(found + "\n", encoding="utf-8")
    assert json.loads(found) == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_is_of_one_format(path: Path) -> None:
    document = opened(path, path.name)
    [known] = [each for each in formats() if each.recognises(document)]
    assert path.stem.startswith(known.name)


def test_every_format_has_a_sample() -> None:
    names = {recognised(opened(path, path.name)).name for path in FILES}
    assert names == {known.name for known in formats()}


def test_every_row_is_a_line_or_charges_nothing() -> None:
    for path in FILES:
        found = read(path)
        assert found.rows - found.skipped == len({line.number for line in found.lines})


def test_the_template_is_a_bill(tmp_path: Path) -> None:
    assert [line.amount for line in read_text(tmp_path, TEMPLATE).lines] == list(
        map(Decimal, ("130", "41", "32.49"))
    )


def test_cents_of_the_report_are_dollars() -> None:
    [first, second, search] = read(SAMPLES / "anthropic_report.json").lines
    assert (first.amount, second.amount, search.amount) == (Decimal("1.2345"), Decimal("0.005"), Decimal(10))


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-10-01", "2026-10-31", 31),
        ("2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z", 31),
        ("2026-07-01T00:00:00+02:00", "2026-07-31T23:59:59+02:00", 31),
        ("2026-07-01T00:00:00+05:30", "2026-07-31T23:59:59.999+05:30", 31),
        ("2026-10-31T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 2),
    ],
)
def test_langdocks_bounds_are_midnights_of_the_zone(tmp_path: Path, start: str, end: str, days: int) -> None:
    header = "period_start,period_end,org_id,api_key_id,total_cost_usd"
    [line] = read_text(tmp_path, f"{header}\n{start},{end},o,k,1.25\n").lines
    first = datetime.fromisoformat(start)
    assert midnight(line.first, line.zone) == (first if first.tzinfo else first.replace(tzinfo=UTC))
    assert (line.until - line.first).days == days
    if "T" in end:
        gap = midnight(line.until, line.zone) - datetime.fromisoformat(end)
        assert timedelta() <= gap <= timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("plain.csv", "$130.00", '"12,5"', "line 2: amount is '12,5'"),
        ("plain.csv", "$130.00", "NaN", "an amount such as 12.50"),
        ("plain.csv", "4100000", "1e999999999", "line 3: tokens is '1e999999999'"),
        ("openai_costs.json", "4.8", "1e999999999", "quantity"),
        ("openai_costs.json", "5000,", "9" * 5000 + ",", "is not whole JSON"),
        ("openrouter.csv", "2026-10-12 00:00:00", "0001-01-01T00:00:00+23:00", "a day such as 2026-11-03"),
        ("plain.csv", "2026-10-31,gpt-4o,input", "2026-09-30,gpt-4o,input", "line 2: last day"),
        ("plain.csv", "gpt-4o,input", "gpt-4o,thoughts", "line 2: token class is 'thoughts'"),
        ("plain.csv", "fee", "gift", "line 5: charge is 'gift'"),
        ("plain.csv", "Europe/Paris", "Mars/Olympus", "time zone"),
        ("plain.csv", "USD,UTC,\n", "Dollars,UTC,\n", "a currency such as USD"),
        ("openai_dashboard.csv", "1790899200,1790985600", "1790899201,1790985600", "line 3: start_time"),
        ("openai_dashboard.csv", "1790899200,1790985600", "1790899200,1791072000", "line 3: end_time"),
        ("openai_costs.json", '"has_more":false', '"has_more":true', "is not the whole report"),
        ("openai_costs.json", "]}]", "", "is not whole JSON"),
        ("anthropic_report.json", "uncached_input_tokens", "spirit_tokens", "token_type is 'spirit_tokens'"),
        ("anthropic_report.json", '"123.45"', "null", "an amount in cents"),
        ("anthropic_console.csv", "input_no_cache", "input_maybe", "line 2: token_type"),
        ("openrouter.csv", "2026-10-12 00:00:00", "2026-10-12 09:00:00", "the beginning of a UTC day"),
        ("langdock.csv", "01T00:00:00.000+02:00", "01T07:00:00.000+02:00", "line 2: period_start"),
        ("langdock.csv", "31T23:59:59.999+01:00", "31T23:59:59.999+09:00", "the same time zone"),
        ("langdock.csv", "412.0317", "", "line 2: total_cost_usd is ''"),
        ("focus.csv", "Usage,File", "Gift,File", "line 4: chargecategory is 'Gift'"),
        ("focus.csv", "GB-hours,OpenAI,", "GB-hours,OpenAI", "line 4: 15 columns, where the header has 16"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8-sig")
    assert old in text
    with pytest.raises(BillRefused) as refused:
        read_text(tmp_path, text.replace(old, new), name)
    assert said in str(refused.value)
    assert "othing" in str(refused.value) or "again" in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "a,b\n1,2,3\n", "{}", "[]", "[[]]", '{"data": [1]}', '{"data": [{}]}']
)
def test_another_file_is_refused_with_what_is_known(tmp_path: Path, text: str) -> None:
    with pytest.raises(BillRefused, match="not a bill in a format the console knows"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_spreadsheet_of_another_country_is_refused_with_what_to_do(tmp_path: Path, mark: str) -> None:
    heading = "Provider,First Day,Amount,Currency".replace(",", mark)
    with pytest.raises(BillRefused, match="Save it as CSV with commas between the columns"):
        read_text(tmp_path, f"{heading}\nOpenAI{mark}2026-10-01{mark}12,5{mark}USD\n")


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_bill_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever a file holds, a person is told; nothing else is raised."""
    raw = data.draw(st.sampled_from(FILES)).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    piece = data.draw(st.binary(max_size=6) | st.sampled_from([b"null", b"[]", b"{}", b"1e99", b'"', b"-"]))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(raw[:start] + piece + raw[end:])
    try:
        found = read(path)
    except BillRefused:
        return
    assert all(line.first < line.until for line in found.lines)

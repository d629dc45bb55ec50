from decimal import Decimal

import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, PLAIN, amounts, check, top_list
from usage_core import wording
from usage_core.charts import Periods, heatmap, lines, over_time, ranked
from usage_core.charts.chart import PICK_AT, PICK_NAME, Chart, Column
from usage_core.charts.numbers import numbers

DAYS = Periods("day", "Europe/Berlin")


def column(kind: str, values: list[object]) -> tuple[list[object], str | None]:
    chart = Chart(pd.DataFrame({"a": pd.Series(values, dtype=object)}), {}, "", (Column("a", "A", kind),))
    made = numbers(chart)
    found = [None if pd.isna(value) else value for value in made.frame["A"]]
    return found, made.formats.get("A")


@pytest.mark.parametrize(
    ("kind", "values", "expected", "written"),
    [
        ("exact", ["$1,234.50", "$0.000132", "–"], [1234.5, 0.000132, None], "%.6f"),
        ("exact", ["12,841", "0", "no data"], [12841, 0, None], "localized"),
        ("exact", ["$12,345,678.000000000001", "$0.10"], ["12345678.000000000001", "0.100000000000"], None),
        ("exact", ["about $12.34", "$1.00", "–"], ["about $12.34", "$1.00", None], None),
        ("exact", ["–", "–"], [None, None], "localized"),
        ("exact", ["-$3.25"], [-3.25], "%.2f"),
        ("count", ["1,284", "–"], [1284, None], "localized"),
        ("number", [840.0, 2.0], [840, 2], "localized"),
        ("number", [0.5, 2.0], [0.5, 2.0], "localized"),
        ("share", ["12.3 %", "<0.1 %", "–"], ["12.3 %", "<0.1 %", None], None),
        ("text", ["<b>", "="], ["<b>", "="], None),
    ],
)
def test_a_column(kind: str, values: list[object], expected: list[object], written: str | None) -> None:
    assert column(kind, values) == (expected, written)


def test_amounts_over_time_add_up_to_the_last_decimal() -> None:
    frame = amounts(PLAIN, periods=2)
    chart = over_time(frame, "Cost", "USD", DAYS)
    check(chart)
    table = numbers(chart).frame
    assert list(table.columns) == ["Day", "Name", "Cost (USD)", "Share of the day", "Calls"]
    total = sum((wording.read_exact(text) or Decimal(0) for text in frame["exact"]), Decimal(0))
    assert sum(Decimal(str(value)) for value in table["Cost (USD)"]) == total
    assert table["Calls"].sum() == frame["calls"].sum()
    assert chart.grain == "day"


def test_the_calls_are_not_said_twice() -> None:
    frame = amounts(("Calls",)).assign(exact="3")
    chart = over_time(frame, "Calls", "calls", DAYS)
    assert list(numbers(chart).frame.columns) == ["Day", "Calls"]


def test_marks_say_the_whole_name_and_the_start_of_their_period() -> None:
    names = (*HOSTILE[:7], "ninth", "tenth", "eleventh")
    chart = over_time(amounts(names), "Cost", "USD", DAYS)
    said = chart.frame.drop_duplicates("name").set_index("name")[PICK_NAME]
    assert set(said.dropna()) == set(names[:8])
    assert said.isna().sum() == 1
    assert set(chart.frame[PICK_AT]) == {f"2026-11-{day}T00:00" for day in (20, 21, 22)}


def test_rows_say_their_own_name_even_in_grey() -> None:
    chart = ranked(top_list(PLAIN), "Cost by model", "USD", PLAIN[:2])
    check(chart)
    assert chart.frame[PICK_NAME].tolist() == list(PLAIN)
    assert list(numbers(chart).frame.columns) == ["Name", "USD", "Share", "Calls"]


def test_times_are_numbers_of_ms_in_every_table() -> None:
    frame = amounts(("p50",)).assign(value=[3800.0, None, 120.0])
    chart = lines(frame, "Completion time", "ms", DAYS)
    check(chart)
    table = numbers(chart).frame
    assert list(table.columns) == ["Day", "Name", "Completion time (ms)", "Calls"]
    assert [None if pd.isna(time) else time for time in table["Completion time (ms)"]] == [3800, None, 120]
    slow = ranked(top_list(("a",)).assign(value=[840.0], share=None), "p95 by provider", "ms")
    assert list(numbers(slow).frame.columns) == ["Name", "Time (ms)", "Calls"]


def test_hours_of_a_week_are_counted_and_lead_to_the_days_they_are_given() -> None:
    cells = pd.DataFrame(
        {"weekday": [1, 7], "hour": [9, 23], "value": [1284.0, 0.0], "exact": ["1,284", "0"]}
    )
    led = heatmap(cells.assign(**{PICK_AT: ["2026-11-02T00:00", None]}), "Calls", "calls", "UTC")
    check(led)
    assert led.frame[PICK_AT].dropna().tolist() == ["2026-11-02T00:00"]
    chart = heatmap(cells, "Calls by hour and weekday", "calls", "UTC")
    check(chart)
    table = numbers(chart).frame
    assert PICK_AT not in chart.frame
    assert list(table.columns) == ["Day", "From", "Calls"]
    assert table["Calls"].dropna().tolist() == [1284, 0]


def test_what_is_clicked_has_a_name_of_ours() -> None:
    """One of Altair's making changes with the data, and with it what the browser holds for the same chart."""
    charts = (
        over_time(amounts(PLAIN), "Cost", "USD", DAYS),
        ranked(top_list(PLAIN), "Cost", "USD"),
        lines(amounts(PLAIN[:2]), "Cost", "USD", DAYS),
    )
    for chart in charts:
        (pick,) = chart.spec["params"]
        assert pick["name"] == "pick"
        assert set(pick["select"]["fields"]) <= set(chart.frame.columns)
        assert pick.get("views", ["picked"]) == ["picked"]

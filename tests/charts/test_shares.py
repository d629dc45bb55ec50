import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, PLAIN, amounts, check, expressions
from usage_core.charts.periods import Periods
from usage_core.charts.shares import shares

DAYS = Periods("day", "Europe/Berlin")


def test_every_period_adds_up_to_the_whole() -> None:
    chart = shares(amounts(PLAIN), "Share of Cost by model", "Cost", "USD", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == ["Share of Cost by model per day", "(%, Europe/Berlin)"]
    bars = chart.frame.assign(part=chart.frame["high"] - chart.frame["low"])
    assert bars.groupby("from")["part"].sum().tolist() == pytest.approx([1.0] * 3)
    assert bars.groupby("from")["low"].min().tolist() == [0.0] * 3
    assert chart.spec["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_the_biggest_of_all_is_at_the_bottom_of_every_period() -> None:
    frame = amounts(("a", "b"), periods=2)
    frame["value"] = [3.0, 1.0, 0.0, 5.0]
    chart = shares(frame, "Share of Calls by model", "Calls", "calls", DAYS, ("a", "b"))
    parts = chart.frame[["name", "low", "high", "share"]].values.tolist()
    assert parts == [["b", 0, 0.25, "25.0 %"], ["a", 0.25, 1, "75.0 %"], ["b", 0, 1, "100.0 %"]]
    assert chart.alternative == (
        "Share of Calls by model per day (%, Europe/Berlin): over the whole timeframe, b 66.7 % and a 33.3 %."
    )


def test_a_period_of_nothing_is_a_gap() -> None:
    frame = amounts(("a", "b"), periods=3)
    frame.loc[frame["bucket"] == frame["bucket"].iloc[2], "value"] = 0.0
    assert shares(frame, "Share of Calls by model", "Calls", "calls", DAYS).frame["from"].nunique() == 2


def test_a_credit_is_part_of_no_whole() -> None:
    frame = amounts(("cost", "credit"), periods=1).assign(value=[5.0, -2.0])
    bars = shares(frame, "Share of Cost by model", "Cost", "USD", DAYS, ("cost", "credit")).frame
    assert bars[["name", "low", "high"]].values.tolist()[0] == ["cost", 0, 1]
    assert (bars["high"] <= 1).all()
    assert (bars["low"] >= 0).all()


def test_colours_are_those_of_the_other_charts() -> None:
    order = PLAIN[:8]
    chart = shares(amounts(("pro", "o4")), "Share of Calls by model", "Calls", "calls", DAYS, order)
    shade = chart.spec["encoding"]["color"]
    assert shade["scale"]["domain"] == [*order, "Other"]
    assert shade["legend"]["values"] == ["pro", "Other"]


def test_hostile_names_are_values() -> None:
    chart = shares(amounts(HOSTILE), "Share of Cost by model", "Cost", "USD", DAYS, HOSTILE)
    check(chart)
    assert chart.frame["name"].nunique() == len(HOSTILE)
    plain = shares(amounts(PLAIN[:8]), "Share of Cost by model", "Cost", "USD", DAYS, PLAIN[:8])
    assert expressions(chart.spec) == expressions(plain.spec)


def test_bars_can_be_picked_and_have_numbers() -> None:
    chart = shares(amounts(("a", "b")), "Share of Cost by model", "Cost", "USD", DAYS)
    assert set(chart.frame["pick_name"]) == {"a", "b"}
    assert chart.frame["pick_at"].iloc[0] == "2026-11-20T00:00"
    assert [column.heading for column in chart.columns] == [
        "Day",
        "Name",
        "Cost (USD)",
        "Share of the day",
        "Calls",
    ]
    assert chart.grain == "day"


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (amounts(()), "No calls in this timeframe"),
        (amounts(("a", "b")).assign(value=0.0), "Nothing to share out: all of it is 0"),
        (amounts(("a", "b")).assign(value=None), "No call here has a known price"),
    ],
)
def test_nothing_keeps_title_and_place(frame: pd.DataFrame, why: str) -> None:
    chart = shares(frame, "Share of cost by model", "Cost", "USD", DAYS)
    check(chart)
    assert chart.frame["note"].tolist() == [why]


def test_two_charts_of_one_shape_share_a_spec() -> None:
    one, two = (
        shares(amounts(PLAIN[:3]).assign(value=v), "Share of Cost by model", "Cost", "USD", DAYS, PLAIN[:3])
        for v in (1.0, 2.0)
    )
    assert one.spec is two.spec

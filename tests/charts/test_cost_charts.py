import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, check, expressions, parts
from usage_core.charts.chart import NO_CALLS, PICK_NAME
from usage_core.charts.compared import MOST as MOST_COMPARED
from usage_core.charts.compared import compared
from usage_core.charts.cost_parts import MOST as MOST_PARTS
from usage_core.charts.cost_parts import cost_parts
from usage_core.charts.month import month
from usage_core.charts.numbers import numbers
from usage_core.charts.units import unknown

NAMES = ("November", "October")


def days(known: int, expected: int = 0, before: int = 0) -> pd.DataFrame:
    """A month that costs 10 a day, the one before 8; what is expected is within 5 on either side."""
    rows = []
    for number in range(1, max(known + expected, before) + 1):
        projected = known <= number <= known + expected and expected > 0
        rows.append(
            {
                "number": number,
                "known": 10.0 * number if number <= known else None,
                "before": 8.0 * number if number <= before else None,
                "middle": 10.0 * number if projected else None,
                "low": 10.0 * number - 5 if projected else None,
                "high": 10.0 * number + 5 if projected else None,
                "day": f"{number} Nov 2026",
                "before_day": f"{number} Oct 2026",
                "at": f"2026-11-{number:02d}/2026-11-{number:02d}",
                "before_at": f"2026-10-{number:02d}/2026-10-{number:02d}",
                "exact": f"{'about ' if number > known else ''}${10 * number}.00",
                "before_exact": f"${8 * number}.00",
                "range": "about $1 to about $2" if projected and number > known else "",
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("known", "before", "middle", "low", "high"), float))


def test_a_month_says_what_it_has_come_to_and_where_it_is_heading() -> None:
    chart = month(days(21, 9, 31), "Cost of November", NAMES, "UTC")
    check(chart)
    assert chart.spec["title"]["text"] == ["Cost of November (USD, UTC)"]
    assert chart.alternative == (
        "Cost of November (USD, UTC): November $210.00, about $300.00 and October $248.00."
    )
    assert set(chart.frame["so_far"]) == {"", "November $210.00"}
    assert set(chart.frame["said"].dropna()) == {"about $300.00", "October $248.00"}
    assert len(chart.frame) == 30 + 31


def test_a_month_without_projection_has_no_band() -> None:
    chart = month(days(30, 0, 31), "Cost of November", NAMES, "UTC")
    check(chart)
    assert chart.frame[["low", "middle", "high"]].isna().all(axis=None)
    assert "Day of the month" in list(parts(chart.spec, "title"))
    assert set(chart.frame["said"].dropna()) == {"October $248.00"}
    assert set(chart.frame["so_far"]) == {"", "November $300.00"}


def test_a_line_that_ends_early_is_named_to_its_right() -> None:
    chart = month(days(3), "Cost of November", NAMES, "UTC")
    assert set(chart.frame["said"].dropna()) == {"November $30.00"}
    assert set(chart.frame["so_far"]) == {""}


def test_a_month_that_has_just_begun() -> None:
    frame = days(0, 30).assign(known=float("nan"))
    chart = month(frame, "Cost of November", NAMES, "UTC")
    check(chart)
    assert chart.alternative == "Cost of November (USD, UTC): about $300.00."
    assert len(chart.frame) == 30


def test_texts_at_the_ends_of_the_lines_keep_apart() -> None:
    frame = days(21, 9, 30).assign(before=[10.0 * number for number in range(1, 31)])
    placed = month(frame, "Cost of November", NAMES, "UTC").frame["said_at"].dropna()
    assert placed.sort_values().diff().dropna().min() >= 0.07 * 300


def test_a_month_of_nothing() -> None:
    chart = month(days(1).assign(known=None), "Cost of November", NAMES, "UTC")
    check(chart)
    assert chart.frame["note"].tolist() == ["No call here has a known price"]


def test_a_month_that_cost_nothing_stands_on_its_axis() -> None:
    chart = month(days(3).assign(known=0.0), "Cost of November", NAMES, "UTC")
    check(chart)
    assert [0, 1] in list(parts(chart.spec, "domain"))


def made(names: tuple[str, ...], sent: float = 3.0, received: float = 1.0, rest: float = 0.0) -> pd.DataFrame:
    frame = pd.DataFrame({"name": list(names), "input": sent, "output": received, "rest": rest})
    frame["value"] = frame["input"] + frame["output"] + frame["rest"]
    for part in ("input", "output", "rest"):
        frame[f"{part}_exact"] = [f"${amount:.2f}" for amount in frame[part]]
    return frame.assign(exact=[f"${amount:.2f}" for amount in frame["value"]])


def test_parts_stand_one_after_the_other() -> None:
    chart = cost_parts(made(("a", "b"), rest=2.0), "Cost by key", ("a",))
    check(chart)
    rows = chart.frame[chart.frame["row"] == "a"]
    assert list(zip(rows["part"], rows["low"], rows["high"], strict=True)) == [
        ("Input", 0, 3),
        ("Output", 3, 4),
        ("Not split", 4, 6),
    ]
    assert rows["share"].tolist() == ["50.0 %", "16.7 %", "33.3 %"]
    assert set(chart.frame["shown"].dropna()) == {"$6.00"}
    assert chart.frame["name"].tolist() == ["a"] * 3 + ["Other"] * 3
    assert chart.alternative == (
        "Cost by key (USD): a $6.00, 50.0 % of it input and b $6.00, 50.0 % of it input."
    )


def test_a_discount_hangs_to_the_left_and_what_is_nothing_is_not_drawn() -> None:
    chart = cost_parts(made(("a",), received=0.0, rest=-1.0), "Cost by key", ("a",))
    check(chart)
    rows = chart.frame
    assert list(zip(rows["part"], rows["low"], rows["high"], strict=True)) == [
        ("Input", 0, 3),
        ("Not split", -1, 0),
    ]
    assert [legend["values"] for legend in parts(chart.spec, "legend") if legend] == [["Input", "Not split"]]


def test_what_costs_nothing_has_a_row() -> None:
    chart = cost_parts(made(("free",), 0.0, 0.0), "Cost by key", ("free",))
    check(chart)
    assert chart.frame["shown"].tolist() == ["$0.00"]
    assert chart.frame["share"].tolist() == ["–"]


@pytest.mark.parametrize("count", [1, MOST_PARTS, MOST_PARTS + 4])
def test_as_many_parts_are_drawn_as_fit(count: int) -> None:
    chart = cost_parts(made(tuple(f"key {n}" for n in range(count))), "Cost by key", ("key 0",))
    check(chart)
    assert chart.frame["row"].nunique() == min(count, MOST_PARTS)
    noted = [text for text in parts(chart.spec, "title") if isinstance(text, str) and "first" in text]
    assert bool(noted) == (count > MOST_PARTS)


def pairs(names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": list(names),
            "first": 10.0,
            "second": 4.0,
            "first_exact": "$10.00",
            "second_exact": "$4.00",
            "difference": "-$6.00",
        }
    )


def test_two_amounts_are_compared() -> None:
    chart = compared(pairs(("a", "b")), "Cost by key", "USD", ("Cost", "Would cost"))
    check(chart)
    assert chart.frame["value"].tolist() == [10, 4, 10, 4]
    assert chart.frame["end"].dropna().tolist() == [10, 10]
    assert chart.alternative == (
        "Cost by key (USD): Cost and Would cost of a $10.00 and $4.00 and b $10.00 and $4.00."
    )
    assert numbers(chart).frame["Name"].tolist() == ["a", "a", "b", "b"]


def test_more_than_fit_are_said_to_be_there() -> None:
    chart = compared(pairs(tuple(f"k{n}" for n in range(30))), "Cost", "USD", ("Cost", "Would cost"))
    check(chart)
    assert len(chart.frame) == 2 * MOST_COMPARED
    assert f"The first {MOST_COMPARED} of 30" in list(parts(chart.spec, "title"))


def test_hostile_names_are_only_data() -> None:
    names = tuple(HOSTILE)
    for chart, plain in (
        (compared(pairs(names), "x", "USD", ("A", "B")), compared(pairs(names[:1]), "x", "USD", ("A", "B"))),
        (cost_parts(made(names), "x", names[:8]), cost_parts(made(names), "x", names[:8])),
    ):
        check(chart)
        assert expressions(chart.spec) == expressions(plain.spec)
        assert set(chart.frame[PICK_NAME]) <= set(names)


def test_nothing_to_compare() -> None:
    charts = (compared(pairs(()), "x", "USD", ("A", "B")), cost_parts(made(()), "x", ()))
    for chart, why in zip(charts, (NO_CALLS, unknown("USD")), strict=True):
        check(chart)
        assert chart.frame["note"].tolist() == [why]

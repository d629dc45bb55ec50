"""The waterfall: every part begins where the one before ended, and can be seen."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.charts.samples import HOSTILE, PLAIN, check, expressions, parts
from usage_core.charts.chart import Chart
from usage_core.charts.numbers import numbers
from usage_core.charts.palette import BETTER, WORSE
from usage_core.charts.waterfall import waterfall

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))


def amounts(start: float, steps: list[float], names: tuple[str, ...] = PLAIN) -> pd.DataFrame:
    rows = [("Before", start, True), *((n, v, False) for n, v in zip(names, steps, strict=False))]
    rows.append(("Now", start + sum(steps), True))
    frame = pd.DataFrame(rows, columns=["name", "value", "whole"])
    texts = [f"{'-' if value < 0 else ''}${abs(value):.2f}" for value in frame["value"]]
    return frame.assign(shown=texts, exact=texts, about="why")


def drawn(start: float, steps: list[float], names: tuple[str, ...] = PLAIN) -> Chart:
    chart = waterfall(amounts(start, steps, names), "What changed the cost", "USD")
    check(chart)
    return chart


def test_parts_lead_from_start_to_end() -> None:
    chart = drawn(10, [5, -12, 4])
    assert chart.frame["from"].tolist() == [0, 10, 15, 3, 0]
    assert chart.frame["to"].tolist() == [10, 15, 3, 7, 7]
    assert chart.frame["kind"].tolist() == ["whole", "worse", "better", "worse", "whole"]
    assert chart.frame["next"].tolist() == ["sonnet", "mini", "pro", "Now", "Now"]
    assert chart.alternative == (
        "What changed the cost (USD): Before $10.00, sonnet $5.00, mini -$12.00, pro $4.00 and Now $7.00."
    )
    assert chart.spec["title"]["text"] == ["What changed the cost (USD)"]


@settings(max_examples=40)
@given(
    start=st.integers(-100, 100),
    steps=st.lists(st.integers(-50, 50).filter(bool), max_size=7),
)
def test_every_bar_begins_where_the_one_before_ended(start: int, steps: list[int]) -> None:
    frame = waterfall(amounts(start, [float(step) for step in steps]), "Cost", "USD").frame
    inner = frame.iloc[1:-1]
    assert inner["from"].tolist() == frame["to"].tolist()[:-2]
    assert frame["to"].iloc[-1] == start + sum(steps)
    assert (inner["right"] == inner[["from", "to"]].max(axis=1)).all()
    assert (frame["most"] >= frame["right"]).all()
    assert (frame["least"] <= frame["right"]).all()


def test_whole_amounts_begin_at_zero_or_are_marks() -> None:
    """Where the parts can be seen beside them, bars from zero; else marks on a scale that says so."""
    notes = [list(parts(drawn(1000, steps).spec, "thickness")) for steps in ([600, -100], [20, -10])]
    assert notes == [[], [4]]
    assert "The scale does not begin at zero" in parts(drawn(1000, [20, -10]).spec, "title")
    edges = drawn(1000, [20, -10]).frame[["least", "most"]].drop_duplicates().to_numpy().tolist()
    assert edges == [[1000 - 1.2, 1020 + 1.2]]
    assert True in parts(drawn(1000, [600]).spec, "zero")
    assert True not in parts(drawn(1000, [20]).spec, "zero")


def test_nothing_that_changes_is_drawn_from_zero() -> None:
    assert True in parts(drawn(5, []).spec, "zero")
    assert True in parts(drawn(0, []).spec, "zero")


def test_an_empty_frame_keeps_title_and_place() -> None:
    chart = waterfall(amounts(1, []).head(0), "What changed the cost", "USD")
    check(chart)
    assert chart.frame["note"].tolist() == ["No calls in this timeframe"]


def test_hostile_names_are_only_names() -> None:
    chart = drawn(10, [1.0] * len(HOSTILE), HOSTILE)
    assert chart.frame["row"].nunique() == len(HOSTILE) + 2
    assert expressions(chart.spec) == expressions(drawn(10, [1.0] * len(HOSTILE)).spec)


def test_the_spec_is_shared_whatever_the_amounts() -> None:
    assert drawn(10, [5, 5]).spec is drawn(20, [-5, 9], ("x", "y")).spec
    assert drawn(1000, [5, 5]).spec is drawn(2000, [-5, 9], ("x", "y")).spec


def test_the_numbers_are_exact() -> None:
    table = numbers(drawn(10, [5, -12.5])).frame
    assert table.columns.tolist() == ["Part", "USD", "What it is"]
    assert table["USD"].tolist() == [10, 5, -12.5, 2.5]


@pytest.mark.parametrize(("colour", "name"), [(WORSE, "redColor"), (BETTER, "greenColor")])
def test_more_is_the_themes_red_and_less_its_green(colour: str, name: str) -> None:
    light, dark = (CONFIG["theme"][theme][name] for theme in ("light", "dark"))
    assert colour == f"luminance(background) > 0.5 ? '{light}' : '{dark}'"
    kinds = {"worse": WORSE, "better": BETTER}
    [layer] = [each for each in drawn(10, [5, -12]).spec["layer"] if colour in map(str, parts(each, "expr"))]
    [chosen] = parts(layer, "equal")
    assert kinds[chosen] == colour

"""The small picture of a figure's course in a tile."""

import math
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from usage_core.charts.sparkline import sparkline


def paths(css: str) -> list[tuple[bool, list[tuple[float, float]]]]:
    """Whether it is an area, and the points, of each path of the picture."""
    found = re.search(r"data:image/svg\+xml,([^']*)'", css)
    assert found
    root = ElementTree.fromstring(unquote(found.group(1)))  # noqa: S314 - our own text
    return [
        (
            path.get("class") == "area",
            [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d") or "")],
        )
        for path in root.iter("{http://www.w3.org/2000/svg}path")
    ]


def test_a_line_goes_from_the_lowest_to_the_highest_value() -> None:
    ((_area, line),) = paths(sparkline([3.0, 1.0, 2.0], filled=False))
    assert line == [(0, 2), (50, 38), (100, 20)]


def test_an_area_is_measured_from_zero() -> None:
    (is_area, area), (_, line) = paths(sparkline([1.0, 2.0], filled=True))
    assert is_area
    assert line == [(0, 20), (100, 2)]
    assert area == [*line, (100, 38), (0, 38)]


def test_a_credit_hangs_below_zero() -> None:
    (_, area), (_, line) = paths(sparkline([1.0, -1.0], filled=True))
    assert line == [(0, 2), (100, 38)]
    assert area[2:] == [(100, 20), (0, 20)]


def test_what_is_unknown_is_a_gap() -> None:
    lines = [line for _, line in paths(sparkline([1.0, 2.0, math.nan, 1.0], filled=False))]
    assert [[x for x, _ in line] for line in lines] == [[0, 33.33], [100, 100]]


def test_equal_values_are_a_level_line() -> None:
    ((_area, line),) = paths(sparkline([5.0, 5.0, 5.0], filled=False))
    assert len({y for _, y in line}) == 1


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, 1.0]])
def test_nothing_is_drawn_of_a_single_value(values: list[float]) -> None:
    assert sparkline(values, filled=True) == ""

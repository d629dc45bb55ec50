"""What the benchmarks' figures and verdicts rest on."""

import json
from pathlib import Path

import pytest

from benchmarks import printed


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [15, 20, 35, 40, 50]
    assert [printed.percentile(values, percent) for percent in (0, 5, 30, 40, 50, 95, 100)] == [
        15,
        15,
        20,
        20,
        35,
        50,
        50,
    ]
    assert printed.percentile(range(1, 101), 95) == 95
    assert printed.percentile([7], 50) == 7


def test_a_summary_of_nothing_says_so() -> None:
    assert printed.summary([]) == {"count": 0}
    assert printed.summary([3, 1, 2]) == {"count": 3, "p50": 2, "p95": 3, "most": 3}


@pytest.mark.parametrize(
    ("slower", "faster", "said"),
    [
        (1, 2, "0.500 ×"),
        (3, 2, "1.50 ×"),
        (99.4, 1, "99.4 ×"),
        (99.5, 1, "100 ×"),
        (5000, 1, "5,000 ×"),
        (1, 0, "–"),
    ],
)
def test_a_ratio_has_three_digits(slower: float, faster: float, said: str) -> None:
    assert printed.times(slower, faster) == said


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(25, False, True), (25.1, False, False), (25, True, True), (24.9, True, False)],
)
def test_a_bar_is_met_by_what_reaches_it(value: float, at_least: bool, met: bool) -> None:
    held = printed.verdict("p50", value, 25, "ms", at_least=at_least)
    assert held["met"] is met
    assert held["text"].endswith("met" if met else "MISSED")


def test_a_table_keeps_its_columns_apart() -> None:
    assert printed.table(("What", "ms"), [("a", "1"), ("longer", "100")]).splitlines() == [
        "What     ms",
        "------  ---",
        "a         1",
        "longer  100",
    ]


def test_figures_are_written_only_where_asked_for(tmp_path: Path) -> None:
    printed.write(None, {})
    printed.write(tmp_path / "figures.json", {"ratio": "2 ×"})
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8")) == {"ratio": "2 ×"}

"""Tables by two breakdowns: every cell and total against the figure worked out by hand from its calls."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import GROUPS, Row, call, calls, figures, held
from tests.metrics.test_figures import END, MICROSECOND, START, WEEKEND
from usage_core.errors import SelectionError
from usage_core.metrics.answer import ask
from usage_core.metrics.pivot import TOTAL, pivot
from usage_core.metrics.question import Question
from usage_core.metrics.sources import OTHER
from usage_core.periods import buckets
from usage_core.selection import Selection
from usage_core.timeframe import Grain

VALUES, PERIODS = ("key", "provider", "model", "kind"), ("hour", "day", "week", "month")
FIGURES = ("cost_usd", "calls", "tokens", "cost_per_call", "cost_per_million_tokens", "p95_ms", "active_keys")

pairs = st.permutations(VALUES).map(lambda names: (names[0], names[1])) | st.tuples(
    st.sampled_from(VALUES), st.sampled_from(PERIODS)
).flatmap(lambda pair: st.sampled_from((pair, (pair[1], pair[0]))))

Place = Callable[[Row], Any]


def place(name: str, shown: tuple[Any, ...]) -> Place:
    """Under which row or column a call is counted."""
    of = partial(lambda row, name: GROUPS[name](row, WEEKEND.zone), name=name)
    return lambda row: of(row) if of(row) in shown else OTHER


@given(
    rows=calls(START, END - MICROSECOND),
    by=pairs,
    metric=st.sampled_from(FIGURES),
    most=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
@settings(max_examples=12)
def test_every_cell_is_what_it_is_by_hand(
    engine: sa.Engine, rows: list[Row], by: tuple[str, str], metric: str, most: tuple[int, int]
) -> None:
    with held(engine, rows) as connection:
        made = pivot(partial(ask, connection), Selection(WEEKEND), by, metric, most)
    assert made.rows[-1] == made.columns[-1] == TOTAL
    groups: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        row_, column = (
            place(name, shown)(row) for name, shown in zip(by, (made.rows, made.columns), strict=True)
        )
        for cell in ((row_, column), (row_, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
            groups.setdefault(cell, []).append(row)
    expected = {cell: figures(each)[metric] for cell, each in groups.items()}
    found = dict(made.cells)
    if not rows:
        assert not {cell for cell in found if cell != (TOTAL, TOTAL)}
        return
    assert found == expected
    for name, shown, count in zip(by, (made.rows, made.columns), most, strict=True):
        if name in PERIODS:
            grain: Grain = name  # type: ignore[assignment]
            assert list(shown[:-1]) == buckets(WEEKEND, grain)
        else:
            values = {GROUPS[name](row, WEEKEND.zone) for row in rows}
            assert len(set(shown) - {OTHER, TOTAL}) == min(count, len(values))
            assert (OTHER in shown) == (len(values) > count)


def test_the_dearest_come_first_and_other_before_the_total(engine: sa.Engine) -> None:
    rows = [call(START, model=f"m{n}", cost_pico=n * 10**12, api_key_id="k") for n in range(5)]
    with held(engine, rows) as connection:
        made = pivot(partial(ask, connection), Selection(WEEKEND), ("model", "key"), "cost_usd", (2, 2))
    assert made.rows == ("m4", "m3", OTHER, TOTAL)
    assert made.columns == ("k", TOTAL)
    assert [made.cells[row, "k"] for row in made.rows] == [4, 3, 3, 10]


@pytest.mark.parametrize(
    "by", [("key", "key"), ("day", "month"), ("key", "weekday"), ("time_bin", "key"), ("key", "x; DROP")]
)
def test_what_makes_no_table_is_refused(engine: sa.Engine, by: tuple[str, str]) -> None:
    with held(engine, []) as connection, pytest.raises(SelectionError):
        pivot(partial(ask, connection), Selection(WEEKEND), by, "cost_usd", (5, 5))


def test_too_many_periods_are_refused(engine: sa.Engine) -> None:
    long = Selection(WEEKEND.__class__(WEEKEND.start.replace(year=2024), WEEKEND.end))
    with held(engine, [call(datetime(2026, 1, 1), model="m")]) as connection:  # noqa: DTZ001
        with pytest.raises(SelectionError, match="Choose a shorter timeframe"):
            pivot(partial(ask, connection), long, ("hour", "model"), "calls", (5, 5))
        assert len(pivot(partial(ask, connection), long, ("day", "model"), "calls", (5, 5)).rows) > 365


def test_values_that_cannot_all_be_named_are_refused() -> None:
    def many(question: Question) -> Any:
        return pd.DataFrame({name: [f"{name} {n}" for n in range(5000)] for name in question.by})

    with pytest.raises(SelectionError, match="Narrow the filters"):
        pivot(many, Selection(WEEKEND), ("key", "model"), "calls", (5, 5))

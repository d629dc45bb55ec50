"""The charts of the Latency page: a fan of percentiles, distributions, cells of two logarithms."""

from typing import Any

import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, check, expressions, parts, top_list
from usage_core.charts import Periods, lines, ranked
from usage_core.charts.cells import cells, middle_times
from usage_core.charts.chart import PICK_AT, PICK_NAME, Chart
from usage_core.charts.distribution import distribution
from usage_core.charts.durations import ticks
from usage_core.charts.fan import LINES, fan
from usage_core.charts.numbers import numbers
from usage_core.charts.palette import NAMED
from usage_core.charts.units import unknown

DAYS = Periods("day", "Europe/Berlin")


def percentiles(days: int, missing: tuple[int, ...] = ()) -> pd.DataFrame:
    """Times that grow by 100 ms a day; on some days no time is known."""
    frame = pd.DataFrame({"bucket": pd.date_range("2026-11-01", periods=days)})
    for times, name in enumerate((*LINES, "longest"), start=1):
        frame[name] = [None if day in missing else 100.0 * (day + 1) * times for day in range(days)]
        frame[name] = frame[name].astype(float)
    return frame.assign(calls=12)


def rows(chart: Chart, kind: str) -> pd.DataFrame:
    return chart.frame[chart.frame["row"] == kind]


def test_a_fan_has_a_line_for_each_percentile_and_says_all_of_a_day() -> None:
    chart = fan(percentiles(3), "Completion time", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == ["Completion time by day", "(ms to s, logarithmic, Europe/Berlin)"]
    drawn = rows(chart, "line").dropna(subset=["value"])
    assert {name: list(each["value"]) for name, each in drawn.groupby("name")} == {
        name: [100.0 * times, 200.0 * times, 300.0 * times] for times, name in enumerate(LINES, start=1)
    }
    day = rows(chart, "period").iloc[1]
    assert [day[f"{name}_text"] for name in (*LINES, "longest")] == [
        "200 ms",
        "400 ms",
        "600 ms",
        "800 ms",
        "1.0 s",
    ]
    assert (day["low"], day["high"], day["top"], day[PICK_AT]) == (200, 800, 1000, "2026-11-02T00:00")
    assert chart.alternative.endswith(
        "p50 from 100 ms to 300 ms, p95 from 300 ms to 900 ms "
        "and the longest call took 1.5 s (Tue 3 Nov 2026)."
    )


def test_a_day_without_times_is_a_gap_in_a_fan() -> None:
    chart = fan(percentiles(4, missing=(2,)).drop(index=1), "Completion time", DAYS)
    check(chart)
    assert rows(chart, "period")["low"].isna().tolist() == [False, True, True, False]
    assert list(rows(chart, "period")["p50_text"])[2] == "–"
    assert numbers(chart).frame["p50 (ms)"].isna().tolist() == [False, True, True, False]


def test_the_names_of_a_fan_keep_apart() -> None:
    frame = percentiles(2)
    for name in (*LINES, "longest"):
        frame[name] = 1000.0
    ends = rows(fan(frame, "Completion time", DAYS), "line")["end_at"].dropna().sort_values()
    assert len(ends) == 5
    assert (ends / ends.shift()).dropna().min() > 1


@pytest.mark.parametrize("time", [0.0, 1.0, 10.0**12])
def test_a_fan_of_one_time_of_any_length(time: float) -> None:
    frame = percentiles(1).assign(**dict.fromkeys((*LINES, "longest"), time))
    chart = fan(frame, "Completion time", DAYS)
    check(chart)
    low, high = _domain(chart)
    assert 0 < low < high


def _domain(chart: Chart) -> tuple[float, float]:
    scales = [scale for scale in parts(chart.spec, "scale") if scale.get("type") == "log"]
    low, high = scales[0]["domain"]
    return low, high


def bins(series: str, calls: dict[int, int]) -> pd.DataFrame:
    """Calls in bins, four for each doubling."""
    edges = [(2 ** (place / 4), 2 ** ((place + 1) / 4)) for place in calls]
    frame = pd.DataFrame(edges, columns=["lower", "upper"])
    return frame.assign(series=series, calls=list(calls.values()))


def test_a_distribution_is_in_shares_whatever_the_volume() -> None:
    frame = pd.concat([bins("few", {40: 1, 41: 3}), bins("many", {40: 1_000_000, 42: 3_000_000})])
    chart = distribution(frame, "Completion times by model", ("many", "few"), ("few", "many"))
    check(chart)
    shares = {name: list(each["part"]) for name, each in chart.frame.groupby("name")}
    assert shares == {"few": [0, 0.25, 0.75, 0], "many": [0, 0.25, 0, 0.75, 0]}
    assert chart.frame.loc[chart.frame["peak"] == "few", "share"].tolist() == ["75.0 %"]
    assert set(chart.frame["line"]) == {"own"}
    assert (chart.frame[PICK_NAME] == chart.frame["name"]).all()
    assert [param["name"] for param in chart.spec["params"]] == ["pick"]


def test_bins_too_narrow_for_a_whole_number_are_no_zeros() -> None:
    """Between 1 and 2 ms there is nothing to count."""
    chart = distribution(bins("a", {0: 5, 4: 5}), "Completion times", ("a",), ("a",))
    assert list(chart.frame["part"]) == [0.5, 0.5]


def test_a_line_without_a_colour_of_its_own_is_dashed_in_one_left_over() -> None:
    order = tuple(f"m{place}" for place in range(NAMED))
    frame = pd.concat([bins(name, {40: 1}) for name in ("m0", "m7", "stranger")])
    chart = distribution(frame, "Completion times", order, ("m0", "m7", "stranger"))
    check(chart)
    assert dict(zip(chart.frame["name"], chart.frame["line"], strict=True)) == {
        "m0": "own",
        "m7": "own",
        "stranger": "left over",
    }
    [domain] = {
        tuple(scale["domain"]) for scale in parts(chart.spec, "scale") if scale.get("range") == "category"
    }
    assert (domain[0], domain[7]) == ("m0", "m7")
    assert domain.index("stranger") in range(1, 7)


def test_at_most_six_distributions_are_drawn() -> None:
    names = tuple(f"m{place}" for place in range(9))
    frame = pd.concat([bins(name, {40: 1, 41: 2}) for name in names])
    chart = distribution(frame, "Completion times", names[:NAMED], names)
    check(chart)
    assert set(chart.frame["name"]) == set(names[:6])


def cell(tokens: float, ms: float, calls: int) -> dict[str, Any]:
    return {
        "tokens_from": tokens,
        "tokens_to": tokens * 2**0.5,
        "ms_from": ms,
        "ms_to": ms * 2**0.25,
        "calls": calls,
    }


def test_the_middle_of_a_range_of_tokens_lies_in_the_right_cell() -> None:
    frame = pd.DataFrame(
        [cell(64.0, 1024.0, 1), cell(64.0, 2048.0, 8), cell(64.0, 4096.0, 1), cell(128.0, 512.0, 2)]
    )
    found = middle_times(frame.sample(frac=1, random_state=1))
    assert list(found["tokens"]) == ["64 to 90", "128 to 181"]
    assert list(found["calls"]) == [10, 2]
    assert found["middle"].tolist() == pytest.approx([2048 * 2 ** (0.25 * 0.5), 512 * 2 ** (0.25 * 0.5)])


@pytest.mark.parametrize("calls", [1, 5, 10**9])
def test_cells_have_both_logarithms_and_a_ramp(calls: int) -> None:
    chart = cells(pd.DataFrame([cell(64.0, 1024.0, 1), cell(90.5, 2048.0, calls)]), "Calls by output tokens")
    check(chart)
    logs = [scale["domain"] for scale in parts(chart.spec, "scale") if scale.get("type") == "log"]
    assert [1, max(2.0, float(calls))] in logs
    legend = next(each for each in parts(chart.spec, "legend") if each)
    assert len(legend["values"]) > 1
    assert "with 64 to 90 tokens half took at most about 1.1 s" in chart.alternative


def test_nothing_keeps_its_title() -> None:
    empty = pd.DataFrame({"series": [], "lower": [], "upper": [], "calls": []})
    none = percentiles(2, missing=(0, 1))
    for chart, unit in (
        (fan(none, "Completion time", DAYS), "ms"),
        (distribution(empty, "Completion times", (), ()), "ms"),
        (cells(empty, "Calls by output tokens"), "tokens/s"),
    ):
        check(chart)
        assert chart.frame["note"].tolist() == [unknown(unit)]


def test_hostile_names_travel_in_the_frame() -> None:
    frame = pd.concat([bins(name, {40: 1}) for name in HOSTILE[:6]])
    chart = distribution(frame, "Completion times", HOSTILE[:3], HOSTILE[:6])
    check(chart)
    assert len(set(chart.frame["name"])) == 6
    assert not [text for text in expressions(chart.spec) if "alert" in text or "quoted" in text]


def test_round_durations() -> None:
    assert ticks(300, 9_000) == [500, 1000, 2000, 5000]
    assert ticks(1, 36_000_000, most=8) == [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000]


def test_a_share_of_one_fills_the_width() -> None:
    frame = top_list(("a", "b")).assign(value=[0.2, 0.1])
    chart = ranked(frame, "Calls within 5 s", "share")
    check(chart)
    assert [0, 1] in [scale["domain"] for scale in parts(chart.spec, "scale") if "domain" in scale]
    assert chart.frame["shown"].tolist() == ["20.0 %", "10.0 %"]


def test_minutes_have_labels_on_whole_minutes() -> None:
    buckets = pd.date_range("2026-11-20", periods=2)
    frame = pd.DataFrame(
        {"bucket": buckets, "series": "p99", "value": [100_000.0, 600_000.0], "calls": 1, "exact": "x"}
    )
    chart = lines(frame, "Completion time", "ms", DAYS)
    check(chart)
    values = [axis["values"] for axis in parts(chart.spec, "axis") if axis and axis.get("grid")]
    assert values[0] == [minutes * 60_000 for minutes in (0, 2, 4, 6, 8, 10)]


def test_a_series_without_figures_keeps_its_colour_for_others() -> None:
    """Its place in the order stays, its name does not stand in the legend."""
    buckets = pd.date_range("2026-11-20", periods=2)
    parts_ = [
        pd.DataFrame({"bucket": buckets, "series": name, "value": 1.0, "calls": 1, "exact": "1 ms"})
        for name in ("b", "c", "d", "e")
    ]
    chart = lines(pd.concat(parts_), "Completion time", "ms", DAYS, ("a", "b", "c", "d", "e"))
    check(chart)
    [domain] = {tuple(s["domain"]) for s in parts(chart.spec, "scale") if s.get("range") == "category"}
    assert domain[:5] == ("a", "b", "c", "d", "e")
    assert {tuple(legend["values"]) for legend in parts(chart.spec, "legend") if legend} == {
        ("b", "c", "d", "e")
    }


def test_tokens_per_second_say_so_once() -> None:
    buckets = pd.date_range("2026-11-20", periods=2)
    frame = pd.DataFrame({"bucket": buckets, "series": "a", "value": [40.0, 60.5], "calls": 1, "exact": "x"})
    chart = lines(frame, "Output tokens per second", "tokens/s", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == ["Output tokens per second by day", "(Europe/Berlin)"]
    assert chart.alternative.endswith("a 60.5 tokens/s.")

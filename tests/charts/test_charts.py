from dataclasses import replace

import altair as alt
import jsonschema_rs
import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, PLAIN, check, expressions, parts, top_list
from usage_core.charts import Periods, heatmap, histogram, lines, ranked
from usage_core.charts.chart import NO_CALLS, axis, seal
from usage_core.charts.units import unknown

DAYS = Periods("day", "Europe/Berlin")


def times(values: list[float | None], name: str = "p50") -> pd.DataFrame:
    buckets = pd.date_range("2026-11-20", periods=len(values))
    frame = pd.DataFrame({"bucket": buckets, "series": name, "value": values, "calls": 12})
    return frame.assign(value=frame["value"].astype(float), exact=[f"{value} ms" for value in values])


def hours(cells: dict[tuple[int, int], float | None]) -> pd.DataFrame:
    rows = [(day, hour, value, f"{value} calls") for (day, hour), value in cells.items()]
    return pd.DataFrame(rows, columns=["weekday", "hour", "value", "exact"])


def buckets(calls: list[int], edges: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"lower": edges[:-1], "upper": edges[1:], "calls": calls})


def test_lines_name_themselves_up_to_three() -> None:
    frame = pd.concat([times([800.0, 840.0]), times([3_000.0, 3_800.0], "p95")])
    chart = lines(frame, "Completion time", "ms", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == ["Completion time by day (s, Europe/Berlin)"]
    assert chart.alternative.endswith("at the end, p50 840 ms and p95 3.8 s.")
    assert not [legend for legend in parts(chart.spec, "legend") if legend]
    assert len(chart.spec["layer"]) == 4


def test_more_lines_have_a_legend_and_eight_are_drawn() -> None:
    frame = pd.concat([times([100.0 * n], name) for n, name in enumerate(PLAIN, start=1)])
    chart = lines(frame, "Completion time", "ms", DAYS)
    check(chart)
    assert set(chart.frame["name"]) == set(PLAIN[:8])
    assert "8 of 11 series are drawn" in list(parts(chart.spec, "title"))
    assert {tuple(legend["values"]) for legend in parts(chart.spec, "legend") if legend} == {PLAIN[:8]}


def test_an_unknown_or_missing_period_is_a_gap() -> None:
    frame = times([800.0, None, 840.0, 850.0]).drop(index=2)
    chart = lines(frame, "Completion time", "ms", DAYS)
    check(chart)
    assert len(chart.frame) == 4
    assert chart.frame["value"].isna().tolist() == [False, True, True, False]


def test_only_lonely_points_are_dotted_where_there_are_many() -> None:
    values: list[float | None] = [1.0] * 60
    values[30] = values[32] = None
    chart = lines(times(values), "Completion time", "ms", DAYS)
    assert chart.frame["dot"].notna().to_numpy().nonzero()[0].tolist() == [31]


def test_names_at_the_ends_keep_apart() -> None:
    frame = pd.concat([times([1.0, 100.0], name) for name in ("a", "b", "c")])
    placed = lines(frame, "Completion time", "ms", DAYS).frame["end_at"].dropna()
    assert placed.sort_values().diff().dropna().min() == pytest.approx(7.0)


@pytest.mark.parametrize(("value", "word"), [(840.0, "ms"), (3_800.0, "s"), (150_000.0, "min")])
def test_a_time_axis_has_one_unit(value: float, word: str) -> None:
    chart = lines(times([value]), "Completion time", "ms", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == [f"Completion time by day ({word}, Europe/Berlin)"]


def test_ranked_keeps_the_order_and_writes_the_values() -> None:
    chart = ranked(top_list(("b", "a")), "Cost by model", "USD")
    check(chart)
    assert chart.frame["row"].tolist() == ["b", "a"]
    assert chart.frame["shown"].tolist() == ["$2.00", "$1.00"]
    assert chart.frame["share"].tolist() == ["66.7 %", "33.3 %"]
    assert chart.alternative == "Cost by model (USD): b $2.00 (66.7 %) and a $1.00 (33.3 %)."


def test_ranked_colours_by_order_and_says_how_many_are_left() -> None:
    names = tuple(f"key {n}" for n in range(20))
    chart = ranked(top_list(names), "Cost by key", "USD", names[2:4])
    check(chart)
    assert len(chart.frame) == 12
    assert chart.frame["name"].tolist()[:4] == ["Other", "Other", "key 2", "key 3"]
    assert "".join(chart.spec["title"]["text"]) == "Cost by key (USD), first 12 of 20"


def test_ranked_with_hostile_names_and_unknown_share() -> None:
    frame = top_list(HOSTILE)
    frame.loc[0, "share"] = None
    chart = ranked(frame, "Cost by key", "USD", HOSTILE)
    check(chart)
    assert chart.frame["row"].nunique() == len(HOSTILE)
    assert (chart.frame["row"] == chart.frame["name"]).all()
    assert chart.frame["share"].iloc[0] == "–"
    assert expressions(chart.spec) == expressions(ranked(top_list(PLAIN[:8]), "x", "USD", PLAIN[:8]).spec)


def test_ranked_times_say_their_own_unit_and_unknown_ones_are_left_out() -> None:
    frame = top_list(("slow", "fast", "unknown")).assign(value=[3_800.0, 840.0, None], share=None)
    chart = ranked(frame, "Completion time by provider", "ms")
    check(chart)
    assert chart.frame["shown"].tolist() == ["3.8 s", "840 ms"]
    assert chart.spec["title"]["text"] == ["Completion time by provider"]
    assert chart.alternative == "Completion time by provider: slow 3.8 s and fast 840 ms."


def test_heatmap_tells_zero_from_no_data() -> None:
    chart = heatmap(hours({(1, 9): 12.0, (1, 10): 0.0, (7, 23): None}), "Calls", "calls", "UTC")
    check(chart)
    cells = chart.frame.set_index(["day", "time"])
    assert len(cells) == 168
    assert cells.loc[("Mon", "10:00"), "value"] == 0
    assert cells.loc[("Sun", "23:00"), "exact"] == "no data"
    assert cells["value"].isna().sum() == 166
    assert chart.alternative == "Calls (UTC): most on Mon at 09:00 (12)."


def test_heatmap_says_more_of_a_cell_where_it_is_told() -> None:
    frame = hours({(1, 9): 12.5, (1, 10): 0.0}).assign(exact=["12.5", "0.0"], of=["50 in 4 hours", "0"])
    told = (("exact", "Mean per hour"), ("of", "In all"))
    chart = heatmap(frame, "Calls by hour, mean", "calls", "UTC", told)
    check(chart)
    assert [tip["title"] for tip in chart.spec["layer"][1]["encoding"]["tooltip"]] == [
        "Day",
        "From",
        "Mean per hour",
        "In all",
    ]
    assert [column.heading for column in chart.columns] == ["Day", "From", "Calls", "In all"]
    assert chart.alternative == "Calls by hour, mean (UTC): most on Mon at 09:00 (12.5)."
    assert chart.frame["of"].value_counts().to_dict() == {"no data": 166, "50 in 4 hours": 1, "0": 1}


def test_heatmap_of_zeros() -> None:
    check(heatmap(hours({(1, 9): 0.0}), "Calls", "calls", "UTC"))


def test_histogram_with_marks() -> None:
    frame = buckets([5, 20, 0, 1], [0.0, 500.0, 1_000.0, 2_000.0, 4_000.0])
    chart = histogram(frame, "Calls by completion time", (("p50", 840.0), ("p95", 3_800.0)))
    check(chart)
    assert chart.alternative == (
        "Calls by completion time: 26 calls, most took 500 ms to 1.0 s, p50 is 840 ms, p95 is 3.8 s."
    )
    bars = chart.frame.dropna(subset=["from"])
    assert (bars["from"] > 0).all()
    assert (bars["from"] < bars["to"]).all()
    assert bars["took"].tolist() == ["0 ms to 500 ms", "500 ms to 1.0 s", "2.0 s to 4.0 s"]


def test_histogram_without_marks_and_with_one() -> None:
    frame = buckets([1], [1.0, 2.0])
    check(histogram(frame, "Calls by completion time"))
    check(histogram(frame, "Calls by completion time", (("p50", 0.0),)))


@pytest.mark.parametrize(
    ("chart", "why"),
    [
        (lines(times([]), "Completion time", "ms", DAYS), NO_CALLS),
        (lines(times([None, None]), "Completion time", "ms", DAYS), unknown("ms")),
        (ranked(top_list(()), "Cost by model", "USD"), NO_CALLS),
        (ranked(top_list(("a",)).assign(value=None), "Cost by model", "USD"), unknown("USD")),
        (heatmap(hours({}), "Calls", "calls", "UTC"), NO_CALLS),
        (histogram(buckets([], [1.0]), "Calls by completion time"), unknown("ms")),
        (histogram(buckets([0], [1.0, 2.0]), "Calls by completion time"), unknown("ms")),
    ],
)
def test_nothing_keeps_title_and_place_and_says_why(chart: object, why: str) -> None:
    check(chart)
    assert chart.frame["note"].tolist() == [why]


def test_what_is_unknown_is_no_zero() -> None:
    """A bar list leaves it out, whatever else it lists."""
    frame = top_list(("known", "unknown"))
    frame.loc[1, "value"] = None
    assert ranked(frame, "Cost by model", "USD").frame["row"].tolist() == ["known"]


def test_one_call_is_a_bar_and_not_a_wall() -> None:
    chart = histogram(buckets([1], [109.0, 110.0]), "Completion times")
    low, high = next(
        each for each in parts(chart.spec, "domain") if isinstance(each, list) and len(each) == 2
    )
    assert high / low >= 8
    assert low < 109
    assert high > 110


def test_titles_say_the_zone() -> None:
    chart = ranked(top_list(("a",)), "Cost by model", "USD", zone="Europe/Berlin")
    assert chart.spec["title"]["text"] == ["Cost by model (USD, Europe/Berlin)"]


def test_specs_are_shared() -> None:
    one, two = (lines(times([1.0, last]), "Completion time", "ms", DAYS) for last in (8.5, 8.7))
    assert one.spec is two.spec
    one, two = (ranked(top_list(names), "Cost", "USD") for names in (("a", "b"), ("c", "d")))
    assert one.spec is two.spec


def test_no_text_of_a_spec_is_shorthand() -> None:
    for chart in (lines(times([1.0]), "x", "share", DAYS), ranked(top_list(("a",)), "x", "tokens")):
        assert not list(parts(chart.spec, "shorthand"))
        assert all(":" not in field for field in parts(chart.spec, "field"))


def test_specs_are_checked_here() -> None:
    chart = ranked(top_list(PLAIN[:2]), "Top", "USD")
    check(chart)
    broken = {**chart.spec, "title": {**chart.spec["title"], "offset": "steep"}}
    with pytest.raises(jsonschema_rs.ValidationError):
        check(replace(chart, spec=broken))


def test_an_axis_that_layers_share_is_said_once_and_another_one_by_itself() -> None:
    def layer(title: str) -> alt.Chart:
        return alt.Chart().mark_bar().encode(x=alt.X(field="a", axis=axis(title)), y=alt.YValue(0))

    spec = seal([layer("Day"), layer("Day"), layer("Hour")], "Calls")
    assert [each["encoding"]["x"].get("axis", {}).get("title") for each in spec["layer"]] == [
        "Day",
        None,
        "Hour",
    ]

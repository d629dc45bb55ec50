import pandas as pd
import pytest

from tests.charts.samples import HOSTILE, PLAIN, amounts, check, expressions, parts
from usage_core.charts import Periods, over_time
from usage_core.charts.periods import time_shape
from usage_core.names import NO_NAME

DAYS = Periods("day", "Europe/Berlin")


def values(frame: pd.DataFrame) -> pd.Series:
    return frame["high"] - frame["low"]


def shades(spec: dict) -> list[str]:
    return spec["encoding"]["color"]["scale"]["domain"]


def test_the_title_names_the_period_the_unit_and_the_zone() -> None:
    chart = over_time(amounts(PLAIN[:2]), "Cost", "USD", DAYS)
    check(chart)
    assert chart.spec["title"]["text"] == ["Cost per day (USD, Europe/Berlin)"]
    assert over_time(amounts(PLAIN[:2]), "Calls", "calls", DAYS).spec["title"]["text"] == [
        "Calls per day (Europe/Berlin)"
    ]
    far = Periods("hour", "America/Argentina/Buenos_Aires")
    assert over_time(amounts(PLAIN[:2]), "Cost", "USD", far).spec["title"]["text"] == [
        "Cost per hour",
        "(USD, America/Argentina/Buenos_Aires)",
    ]


def test_the_alternative_says_what_the_picture_shows() -> None:
    chart = over_time(amounts(("big", "small")), "Cost", "USD", DAYS)
    assert chart.alternative == (
        "Cost per day (USD, Europe/Berlin): $1.13 in all, most on Fri 20 Nov 2026 ($0.3750); "
        "the biggest parts are big 66.7 % and small 33.3 %."
    )


def test_more_than_eight_series_fold_into_other_and_sums_are_kept() -> None:
    frame = amounts(PLAIN)
    chart = over_time(frame, "Cost", "USD", DAYS)
    check(chart)
    drawn = chart.frame.assign(value=values(chart.frame))
    assert set(drawn["name"]) == {*PLAIN[:8], "Other"}
    assert drawn["value"].sum() == pytest.approx(frame["value"].sum(), abs=1e-12)
    assert drawn["calls"].astype(int).sum() == frame["calls"].sum()
    other = drawn[drawn["name"] == "Other"]
    assert list(other["exact"]) == ["$0.75"] * 3
    assert shades(chart.spec) == [*PLAIN[:8], "Other"]


def test_an_exact_sum_of_something_unknown_says_about() -> None:
    frame = amounts(PLAIN).assign(exact="–")
    other = over_time(frame, "Cost", "USD", DAYS).frame.query("name == 'Other'")
    assert list(other["exact"]) == ["about $0.7500"] * 3


def test_the_biggest_is_at_the_bottom_and_parts_stand_on_each_other() -> None:
    day = over_time(amounts(PLAIN[:3], periods=1), "Cost", "USD", DAYS).frame
    assert list(day["name"]) == list(PLAIN[:3])
    assert day["low"].iloc[0] == 0
    assert list(day["low"].iloc[1:]) == list(day["high"].iloc[:-1])


def test_credits_hang_below_zero() -> None:
    frame = amounts(("cost", "credit"), periods=1)
    frame["value"] = [5.0, -2.0]
    day = over_time(frame, "Cost", "USD", DAYS, ("cost", "credit")).frame
    assert list(zip(day["low"], day["high"], strict=True)) == [(0, 5), (0, -2)]


def test_a_name_keeps_its_colour_whatever_is_present() -> None:
    order = PLAIN[:8]
    few = over_time(amounts(("pro", "o4")), "Cost", "USD", DAYS, order)
    assert shades(few.spec) == [*order, "Other"]
    assert few.spec["encoding"]["color"]["legend"]["values"] == ["pro", "Other"]
    short = over_time(amounts(("pro", "o4")), "Cost", "USD", DAYS, ("pro",))
    assert shades(short.spec)[0] == "pro"
    assert shades(short.spec)[8] == "Other"
    assert len(set(shades(short.spec))) == 9


def test_nine_names_have_no_colours() -> None:
    with pytest.raises(ValueError, match="At most 8"):
        over_time(amounts(PLAIN), "Cost", "USD", DAYS, PLAIN[:9])


def test_hostile_names_are_values_and_stay_apart() -> None:
    frame = amounts((*HOSTILE, "rest"))
    chart = over_time(frame, "Cost", "USD", DAYS, HOSTILE)
    check(chart)
    names = set(chart.frame["name"])
    assert len(names) == 9
    assert {NO_NAME, "Other", "Other (all the rest)", "line break \ufffd turned"} <= names
    assert {HOSTILE[0], HOSTILE[3]} <= names
    known = "".join(expressions(chart.spec))
    assert not any(name in known for name in HOSTILE if name not in ("", "datum.value"))
    assert known == "".join(expressions(over_time(amounts(PLAIN[:9]), "Cost", "USD", DAYS).spec))
    assert values(chart.frame).sum() == pytest.approx(frame["value"].sum())
    assert "x" * 100 not in chart.alternative


def test_names_that_look_the_same_are_numbered() -> None:
    frame = amounts(("a b", "a\nb", "", " "), periods=1)
    assert set(over_time(frame, "Cost", "USD", DAYS).frame["name"]) == {
        "a b",
        "a b (2)",
        NO_NAME,
        f"{NO_NAME} (2)",
    }


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_a_missing_name_is_a_series_of_its_own(unknown: object) -> None:
    frame = amounts(("a", "b"), periods=1)
    frame.loc[1, "series"] = unknown
    chart = over_time(frame, "Cost", "USD", DAYS)
    check(chart)
    assert list(chart.frame["name"]) == ["a", NO_NAME]


def test_the_last_period_is_faded_only_where_it_is_not_over() -> None:
    frame = amounts(PLAIN[:2])
    assert set(over_time(frame, "Cost", "USD", DAYS).frame["state"]) == {"over"}
    chart = over_time(frame, "Cost", "USD", Periods("day", "UTC", incomplete=True))
    assert list(chart.frame["state"]) == ["over"] * 4 + ["open"] * 2
    assert chart.frame["period"].iloc[-1] == "Sun 22 Nov 2026 (not over yet)"
    assert "22 Nov 2026 is not over yet: drawn faded" in list(parts(chart.spec, "title"))


def test_the_axis_reaches_over_the_whole_timeframe() -> None:
    first, last = pd.Timestamp("2026-11-01"), pd.Timestamp("2026-11-30")
    periods = Periods("day", "UTC", incomplete=True, first=first, last=last)
    chart = over_time(amounts(PLAIN[:1]), "Cost", "USD", periods)
    low, high = chart.spec["encoding"]["x"]["scale"]["domain"]
    assert high - low == 30 * 86_400_000
    assert set(chart.frame["state"]) == {"over"}


def test_one_series_needs_no_legend_and_no_share() -> None:
    chart = over_time(amounts(("all",)), "Calls", "calls", DAYS)
    check(chart)
    assert chart.spec["encoding"]["color"]["legend"] is None
    assert [tip["title"] for tip in chart.spec["encoding"]["tooltip"]] == ["Period", "Exactly", "Calls"]


@pytest.mark.parametrize(("grain", "freq"), [("hour", "h"), ("day", "D"), ("week", "W-MON"), ("month", "MS")])
@pytest.mark.parametrize("many", [1, 24, 400])
def test_every_grain_has_few_round_ticks_within_the_axis(grain: str, freq: str, many: int) -> None:
    chart = over_time(amounts(("all",), many, freq), "Cost", "USD", Periods(grain, "UTC"))
    check(chart)
    x = chart.spec["encoding"]["x"]
    ticks, (low, high) = x["axis"]["values"], x["scale"]["domain"]
    assert len(ticks) <= 40 if grain == "month" else len(ticks) <= 16
    assert all(low < tick < high for tick in ticks)
    assert many < 24 or len(ticks) > 1
    assert low < chart.frame["from"].min()
    assert chart.frame["to"].max() < high


def test_nothing_keeps_title_and_place() -> None:
    chart = over_time(amounts(()), "Cost", "USD", DAYS)
    check(chart)
    assert chart.frame["note"].tolist() == ["No calls in this timeframe"]


def test_nothing_but_unknown_amounts_is_no_zero() -> None:
    chart = over_time(amounts(("a", "b")).assign(value=None), "Cost", "USD", DAYS)
    check(chart)
    assert chart.frame["note"].tolist() == ["No call here has a known price"]


def test_nothing_but_zeros() -> None:
    chart = over_time(amounts(("a", "b")).assign(value=0.0), "Cost", "USD", DAYS)
    check(chart)
    assert set(chart.frame["share"]) == {"–"}


def test_a_period_of_unknown_amount_has_no_bar() -> None:
    frame = amounts(("a",)).assign(value=[1.0, None, 3.0], exact=["$1.00", "–", "$3.00"])
    chart = over_time(frame, "Cost", "USD", DAYS)
    check(chart)
    assert values(chart.frame).tolist() == [1, 0, 3]
    assert chart.frame["exact"].iloc[1] == "–"


def test_two_charts_of_one_shape_share_a_spec() -> None:
    first = over_time(amounts(PLAIN[:3]), "Cost", "USD", DAYS)
    second = over_time(amounts(PLAIN[:3]).assign(value=1.0), "Cost", "USD", DAYS, PLAIN[:3])
    assert first.spec is second.spec
    assert first.spec is not over_time(amounts(PLAIN[:4]), "Cost", "USD", DAYS).spec


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-10-25", "25 Oct 2026, 02:00 is two hours: the clocks went back"),
        ("2026-03-29", "29 Mar 2026, 02:00 never was: the clocks went forward"),
        ("2026-07-01", None),
    ],
)
def test_hours_that_came_twice_or_never_are_told(day: str, said: str | None) -> None:
    hours = pd.date_range(day, periods=24, freq="h")
    assert time_shape(hours, Periods("hour", "Europe/Berlin"), []).note == said
    assert time_shape(hours, Periods("hour", "UTC"), []).note is None

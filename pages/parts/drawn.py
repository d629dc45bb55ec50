"""Charts, tables, tiles and empty states, drawn the same on every page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import streamlit as st

from pages.parts import address, figures
from pages.parts.drill import Drill, Rows, chart_options, further_of
from pages.parts.drill import table as drill_table
from pages.parts.frame import selected
from pages.parts.sentences import AHEAD, kept_only
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.chart import PICK_AT, PICK_NAME, Chart
from usage_core.charts.numbers import numbers
from usage_core.charts.sparkline import sparkline
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.selection import FILTERS, Selection
from usage_core.timeframe import Preset, zone_info
from usage_core.wording import Direction

# Five in a row, three on a small screen, two on a phone; Streamlit's own columns would be one there.
TILES_FIT = """<style>
.spark { height: 40px; background: currentColor; opacity: 0.6; mask-size: 100% 100%; }
.st-key-tiles > div { flex: 1 1 160px; min-width: 160px; }
@media (min-width: 641px) and (max-width: 1359px) { .st-key-tiles > div { flex-basis: 30%; } }
</style>"""

WORSE_WHEN_HIGHER = (
    "cost_usd",
    "cost_per_call",
    "cost_per_million_tokens",
    "unpriced_calls",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
)
BETTER_WHEN_HIGHER = ("output_tokens_per_s",)


HEADINGS = {"key": "API key", "provider": "Provider", "model": "Model"}


def breakdown(label: str, default: str = "API key") -> str:
    """Which breakdown a page shows; kept in the link."""
    by_label = {heading: name for name, heading in HEADINGS.items()}
    chosen = st.segmented_control(
        label, list(by_label), default=default, required=True, key="by", bind="query-params"
    )
    return by_label[chosen]


def into(by: str, to: str | None = None, default: str = "API key") -> Drill:
    """What narrows to one value of a breakdown: the page it leads to, whose breakdown begins at `default`,
    is then broken down by what explains the value: by what is not narrowed to one value already."""
    others = [other for other in ("model", "key", "provider") if other != by]
    open_ones = [other for other in others if len(getattr(selected(), other)) != 1]
    following = HEADINGS[(open_ones or others)[0]]
    return Drill(by, to, {"by": "" if following == default else following})


def chart(drawn: Chart, key: str, drill: Drill | None = None, note: str = "") -> None:
    """A chart in a card, a note (Markdown) and its numbers under it; what is clicked narrows the selection as
    `drill` says. Cards beside each other end at the same height."""
    with st.container(border=True, height="stretch", key=f"card-{key}"):
        options = chart_options(drawn, key, drill)
        st.vega_lite_chart(theme="streamlit", width="stretch", alt=drawn.alternative, **options)
        if note:
            st.caption(note)
        if drawn.columns:
            _numbers_of(drawn, f"{key}-numbers", drill)


def _numbers_of(drawn: Chart, key: str, drill: Drill | None) -> None:
    """The table of a chart, made when it is opened."""
    opened = st.expander("Numbers", key=key, type="compact", bind="query-params")
    if not opened.open:
        return
    table = numbers(drawn)
    config = {
        heading: st.column_config.NumberColumn(format=written)
        if written
        else st.column_config.TextColumn(alignment="right")
        for heading, written in table.formats.items()
    }
    rows = drawn.frame.loc[table.frame.index]
    further = [further_of(drill, row) for row in rows.to_dict("records")] if drill and drill.into else None
    narrowing = Rows(rows.get(PICK_NAME), rows.get(PICK_AT), drawn.grain, further)
    with opened:
        drill_table(
            table.frame,
            f"{key}-table",
            drill,
            narrowing,
            hide_index=True,
            column_config=config,
            placeholder=wording.UNKNOWN,
            alt=" ".join(drawn.spec["title"]["text"]),
        )
        if drill is not None and narrowing.lead(drill):
            st.caption("Choose a row to narrow to it; with the keyboard: Shift and Space.")


def tile(name: str, totals: figures.Totals, spark: pd.DataFrame, label: str = "", value: str = "") -> None:
    """A figure with its change against the period before and its course."""
    metric = METRICS[name]
    change = wording.change(
        totals.now[name], totals.before[name], lambda amount: wording.figure(metric.unit, amount)
    )
    arrow = {Direction.UP: "up", Direction.DOWN: "down"}.get(change.direction, "off")
    if not totals.before["calls"]:
        arrow = "off"  # with nothing to compare to, nothing got better or worse
    alike = arrow != "off" and totals.kept_from is None
    judged = {**dict.fromkeys(WORSE_WHEN_HIGHER, "inverse"), **dict.fromkeys(BETTER_WHEN_HIGHER, "normal")}
    course = spark[name] if totals.now[name] is not None else pd.Series(dtype=float)
    against = f"The change is against the period of equal length before{kept_only(totals.kept_from)}"
    with st.container(border=True, height="stretch", gap="xsmall", key=f"tile-{name}"):
        st.metric(
            label or metric.label,
            value or wording.figure(metric.unit, totals.now[name]),
            change.text,
            delta_color=judged.get(name, "off") if alike else "off",
            delta_arrow=arrow,
            help=f"{metric.meaning}. {against}.",
        )
        if picture := _course(course, metric.unit):
            st.html(picture)


def _course(course: "pd.Series[float]", unit: Unit) -> str:
    """A tile's figure over time; its ends in words."""
    low, high = (wording.figure(unit, _amount(unit, at)) for at in (course.min(), course.max()))
    filled = unit not in (Unit.MS, Unit.TOKENS_PER_S)
    return sparkline(course.tolist(), f"Over time: lowest {low}, highest {high}", filled=filled)


def _amount(unit: Unit, drawn: float) -> Decimal | float | int | None:
    if pd.isna(drawn):
        return None
    if unit in (Unit.MS, Unit.TOKENS_PER_S):
        return drawn
    return Decimal(str(drawn)) if unit is Unit.USD else round(drawn)


def tiles(totals: figures.Totals, spark: pd.DataFrame) -> None:
    """The five figures of the Overview."""
    st.html(TILES_FIT)
    times = " / ".join(wording.duration_ms(totals.now[name]) for name in ("p50_ms", "p95_ms"))
    with st.container(horizontal=True, key="tiles"):
        tile("cost_usd", totals, spark, "Spend")
        tile("calls", totals, spark)
        tile("tokens", totals, spark)
        tile("p95_ms", totals, spark, "Time p50 / p95", times)
        tile("active_keys", totals, spark)


def ranking(
    frame: pd.DataFrame,
    heading: str,
    metrics: Sequence[str],
    key: str,
    *,
    share: bool = True,
    drill: Drill | None = None,
) -> None:
    """A table of a ranking: name, share of cost where wanted, and figures; a row narrows as `drill` says."""
    table = pd.DataFrame({heading: frame["name"]})
    config = {}
    if share:
        table["Share of cost"] = frame["share"].astype(float)
        config["Share of cost"] = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    for name in metrics:
        metric = METRICS[name]
        label = f"{metric.label} ({metric.unit})" if metric.unit in (Unit.USD, Unit.MS) else metric.label
        table[label] = _numbers(frame[name], metric.unit)
        places = "%.4f" if metric.unit is Unit.USD else "localized"
        config[label] = st.column_config.NumberColumn(format=places, help=metric.meaning)
    drill_table(table, key, drill, Rows(frame["name"]), hide_index=True, column_config=config)


def _numbers(values: "pd.Series[object]", unit: Unit) -> "pd.Series[object]":
    if unit is Unit.USD:
        return pd.Series(
            [None if value is None else float(Decimal(str(value))) for value in values], dtype="Float64"
        )
    return pd.Series(list(values), dtype="Int64")


def nothing_selected(selection: Selection) -> bool:
    """Where the selection holds no call: say so, offer the way on, and give True."""
    if cached.previewed(selection).rows:
        return False
    held = cached.held()
    with st.container(border=True):
        st.subheader("No calls in this timeframe", anchor=False)
        if held.last is None:
            st.markdown("There are no calls yet. Import a log to begin.")
            return True
        zone, ahead = selection.timeframe.zone, held.last.replace(tzinfo=UTC) > datetime.now(UTC)
        st.markdown(
            f"The last call was made on {plain(wording.moment(held.last, zone))} ({plain(zone)})"
            + (f"; {AHEAD}." if ahead else ".")
            + (" Filters are in use." if selection.is_filtered else "")
        )
        st.button(
            "Show the 30 days up to the last call", on_click=_show_last, args=(selection,), type="primary"
        )
    return True


def _show_last(selection: Selection) -> None:
    held = cached.held()
    if held.last:
        last = held.last.replace(tzinfo=UTC).astimezone(zone_info(selection.timeframe.zone)).date()
        days = [(last - timedelta(days=29)).isoformat(), last.isoformat()]
        unfiltered: address.Params = {name: [] for name in FILTERS}
        address.wish(None, address.params() | unfiltered | {"tf": [Preset.CUSTOM.label], "range": days})

"""The parts of the Latency page, each with its controls; all of them are kept in the link."""

from dataclasses import replace

import streamlit as st

from pages.parts import (
    drawn,
    figures,
    latency_calls,
    latency_figures,
    latency_pictures,
    latency_tables,
    latency_words,
)
from pages.parts.drill import Drill
from pages.parts.sentences import before, in_before
from pages.parts.tiles import Tile, compared
from usage_core import cached, wording
from usage_core.charts.distribution import MOST as MOST_MODELS
from usage_core.metrics.within_target import LONGEST_TARGET_MS
from usage_core.selection import Selection

FIGURES = {
    "p50": "p50_ms",
    "p90": "p90_ms",
    "p95": "p95_ms",
    "p99": "p99_ms",
    "Longest": "max_ms",
    "Output tokens/s": "output_tokens_per_s",
}
TILES = {label: FIGURES[label] for label in ("p50", "p95", "p99", "Longest", "Output tokens/s")}

ALL_KINDS = "All kinds"
TARGET_S = 10.0

SEE_CALLS = "Choose a {} to see its calls, the slowest first."


def of_one_kind(selection: Selection) -> tuple[Selection, tuple[str, ...]]:
    """The calls of the kind that is chosen, and the kinds that are left out.

    Embeddings answer many times faster than completions: together they have percentiles of neither.
    The choice is there only where the sidebar lets through calls of several kinds.
    """
    kinds = latency_figures.kinds(selection)
    if len(kinds) < 2:
        return selection, ()
    labels = {latency_words.KINDS[kind].capitalize(): kind for kind in kinds}
    first = "completion" if "completion" in kinds else kinds[0]
    chosen = st.segmented_control(
        "Kind of calls",
        [*labels, ALL_KINDS],
        default=latency_words.KINDS[first].capitalize(),
        required=True,
        key="of-kind",
        bind="query-params",
    )
    if chosen == ALL_KINDS:
        return selection, ()
    kind = labels.get(chosen, first)
    return replace(selection, kind=(kind,)), tuple(each for each in kinds if each != kind)


@cached.shared
def tiles(selection: Selection) -> tuple[Tile, ...]:
    """p50, p95, p99, the longest time, and the speed of output."""
    totals, course = latency_figures.totals(selection), latency_figures.each_period(selection)
    return tuple(compared(name, totals, course, label) for label, name in TILES.items())


def over_time(selection: Selection) -> None:
    """All percentiles over time."""
    drawn.chart(latency_pictures.percentiles(selection), "times", Drill())


def by_what() -> str:
    """What the rest of the page is broken down by."""
    return drawn.breakdown("Break down by", default="Model")


def changed(selection: Selection, by: str) -> None:
    """What got slower or faster than before."""
    length = wording.length(selection.timeframe)
    if not latency_figures.totals(selection).before["calls"]:
        st.caption(f"There are no calls {in_before(length)} to compare with.")
        return
    st.caption(f"Against the {before(length)}; times in ms; what got slower first, by the time it cost.")
    latency_tables.changes(selection, by).draw("changes", drawn.into(by, default="Model"))
    with st.popover("How a change is told from noise", type="tertiary"):
        st.markdown(latency_words.METHOD)


def each(selection: Selection, whole: Selection, by: str) -> None:
    """One figure over time by model, provider or key, and all figures as a table."""
    label = st.segmented_control(
        "Figure", list(FIGURES), default="p95", required=True, key="figure", bind="query-params"
    )
    leads = drawn.into(by, default="Model")
    drawn.chart(latency_pictures.course(selection, whole, FIGURES[label], by), "course", leads)
    latency_tables.all_figures(selection, by).draw("figures", leads)


def target(selection: Selection, whole: Selection, by: str) -> None:
    """The share of calls within a time that the reader sets."""
    seconds = st.number_input(
        "Target (seconds)",
        min_value=0.001,
        max_value=LONGEST_TARGET_MS / 1000,
        value=TARGET_S,
        step=0.5,
        format="%g",
        key="target",
        bind="query-params",
        width=200,
    )
    target_ms = max(1, round(seconds * 1000))
    st.markdown(latency_words.met(selection, target_ms))
    left, right = st.columns(2)
    with left:
        drawn.chart(latency_pictures.within_over_time(selection, target_ms), "within", Drill())
    with right:
        leads = drawn.into(by, default="Model")
        drawn.chart(latency_pictures.within_by(selection, whole, target_ms, by), "within-by", leads)


def spread(selection: Selection, whole: Selection) -> None:
    """How completion times are distributed, in all and by model."""
    models = latency_figures.most_used(selection)
    labels = dict(zip(figures.names("model", models), models, strict=True))
    chosen = st.multiselect(
        f"Models to compare (up to {MOST_MODELS}; without a choice, the most used)",
        list(labels),
        max_selections=MOST_MODELS,
        key="compare",
        bind="query-params",
        placeholder="The most used",
    )
    compared = tuple(labels[label] for label in chosen if label in labels) or models[:MOST_MODELS]
    left, right = st.columns(2)
    with left:
        drawn.chart(
            latency_pictures.all_times(selection),
            "distribution",
            latency_calls.of_a_time(),
            SEE_CALLS.format("bar"),
        )
    with right:
        drawn.chart(latency_pictures.compared(selection, whole, compared), "compared", Drill("model"))


def by_tokens(selection: Selection) -> None:
    """Completion time against output tokens, of the calls one by one."""
    with st.spinner("Reading the calls"):
        picture = latency_pictures.by_tokens(selection)
    drawn.chart(picture, "tokens", latency_calls.of_a_cell(), SEE_CALLS.format("cell"))

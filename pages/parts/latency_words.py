"""What the Latency page says in words: exact, made from the data, and shorter where there is little of it."""

from datetime import timedelta

from pages.parts import figures, latency_figures
from pages.parts.sentences import FEW_CALLS, in_before
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics.shifts import (
    LEAST_CALLS,
    LEAST_ERRORS,
    LEAST_MS,
    LEAST_SHARE,
    LEAST_UNITS,
    PERCENTILES,
    Verdict,
)
from usage_core.metrics.slow_days import LEAST_CALLS as LEAST_CALLS_A_DAY
from usage_core.metrics.slow_days import LEAST_SPREADS, TIMES_USUAL, Slow
from usage_core.periods import following
from usage_core.selection import Selection

NAMED = 3
"""So many models are named in a sentence."""

SLOW_DAYS = 2
"""So many slow times of providers."""

KINDS = {"completion": "completions", "embedding": "embeddings", "other": "other calls"}

METHOD = (
    f"A model is called slower or faster where its p50 or p95 changed by at least {LEAST_SHARE:.0%} and "
    f"{LEAST_MS} ms, with at least {LEAST_CALLS} calls on {LEAST_UNITS} days in both periods, and by more "
    "than noise. Noise is seen from how much days differ (hours, in timeframes of up to 3 days): the part "
    "of its calls beyond the p50 (p95) that both periods have in common has to change by at least "
    f"{LEAST_ERRORS:.0f} standard errors, clustered by day. Likewise for providers and keys. Time cost is "
    "how much longer the calls took in all than as many calls did before (times beyond the common p99 "
    "count as it).\n\n"
    "A provider is said to have taken longer than usual on a day where its models, each against the median "
    "of its days (of geometric means) and weighted by calls, took at least "
    f"{TIMES_USUAL:.0f} times as long, with at least {LEAST_CALLS_A_DAY} calls, and by more than "
    f"{LEAST_SPREADS:.0f} times the usual spread."
)


@cached.shared
def answer(selection: Selection) -> str:
    """How long calls take, which model is slowest, and what got slower (Markdown)."""
    now = latency_figures.totals(selection).now
    timed = now["calls"] - now["untimed_calls"]
    if timed < FEW_CALLS:
        return f"{wording.plural(timed, 'call')} with a completion time so far; too few for percentiles."
    said = (
        f"Half of the {_noun(selection)} took at most **{wording.duration_ms(now['p50_ms'])}**, "
        f"95 of 100 at most **{wording.duration_ms(now['p95_ms'])}**."
    )
    said += _slowest(selection) + _changed(selection) + _when(selection)
    untimed = now["untimed_calls"]
    return said + (
        f" {wording.plural(untimed, 'call')} without a completion time left out." if untimed else ""
    )


def _noun(selection: Selection) -> str:
    return KINDS[selection.kind[0]] if len(selection.kind) == 1 else "calls"


def _slowest(selection: Selection) -> str:
    models = latency_figures.ranking(selection, "model")
    often = models[(models["calls"] >= FEW_CALLS) & models["p95_ms"].notna()]
    if len(often) < 2:
        return ""
    slow = often.iloc[0]
    return f" Slowest is **{plain(slow['name'])}** with a p95 of {wording.duration_ms(slow['p95_ms'])}."


def _changed(selection: Selection) -> str:
    """Which models got slower than before, the costliest first; nothing where none could be compared."""
    frame = latency_figures.changes(selection, "model")
    slower = frame[frame["verdict"] == Verdict.SLOWER]
    before = in_before(wording.length(selection.timeframe))
    if slower.empty:
        judged = frame["verdict"].isin([Verdict.SAME, Verdict.FASTER]).any()
        return f" No model got slower than {before}." if judged else ""
    named = [f"**{plain(row['name'])}** ({_worst(row)})" for row in slower.head(NAMED).to_dict("records")]
    more = len(slower) - len(named)
    others = [wording.plural(more, "other")] if more else []
    return f" Got slower than {before}: {wording.joined([*named, *others])}."


def _when(selection: Selection) -> str:
    """When a provider was much slower than usual, what cost most time first."""
    found = latency_figures.slow_days(selection)
    said = "".join(f" {_slow(slow, selection)}." for slow in found[:SLOW_DAYS])
    more = len(found) - SLOW_DAYS
    return said + (f" {wording.plural(more, 'more slow time')} of providers found." if more > 0 else "")


def _slow(slow: Slow, selection: Selection) -> str:
    provider = plain(figures.names("provider", [slow.provider])[0])
    zone = "" if slow.zone == selection.timeframe.zone else f" (days of {plain(slow.zone)})"
    return f"**{provider}** took {slow.times:.1f} times as long as usual {plain(_span(slow))}{zone}"


def _span(slow: Slow) -> str:
    """The slow periods in a row: `on 6 – 7 Nov 2026`, `from Fri 6 Nov 2026, 09:00 to 12:00`."""
    end = following(slow.last, slow.grain)
    if slow.grain == "hour":
        return f"from {wording.period(slow.first, 'hour')} to {wording.clock(end)}"
    return f"on {wording.days(slow.first.date(), end.date() - timedelta(days=1))}"


def _worst(row: dict[str, object]) -> str:
    """The percentile of a model that rose most, of those that got slower."""
    risen = [name for name in PERCENTILES if row[f"{name}_verdict"] == Verdict.SLOWER]
    name = max(risen, key=lambda name: row[name] / max(row[f"{name}_before"], 1))  # type: ignore[operator,type-var]
    was, now = (wording.duration_ms(row[key]) for key in (f"{name}_before", name))  # type: ignore[arg-type]
    return f"{name.removesuffix('_ms')} {was} → {now}"


@cached.shared
def exactness(selection: Selection, left_out: tuple[str, ...]) -> str:
    """Which calls the percentiles are of, and how exact they are (Markdown)."""
    of = "Percentiles are exact."
    if not latency_figures.is_exact(selection):
        of = "Percentiles are within 1 % of exact: they are read from counts of calls in bins of 1.45 %."
    if left_out:
        names = wording.joined([KINDS[kind] for kind in left_out])
        return f"{_noun(selection).capitalize()} only: {names} are left out. {of}"
    mixed = latency_figures.kinds(selection)
    if len(mixed) > 1:
        names = wording.joined([KINDS[kind] for kind in mixed])
        return f"{names.capitalize()} are mixed in these figures. {of}"
    return of


@cached.shared
def met(selection: Selection, target_ms: int) -> str:
    """The share of calls within the target, and how exact it is (Markdown)."""
    found = latency_figures.within(selection, target_ms)
    if found.share is None:
        return "No call has a completion time."
    target = wording.duration_ms(target_ms)
    many = _noun(selection)
    calls = wording.plural(found.timed, many.removesuffix("s"), many)
    said = f"**{wording.share(found.share)}** of {calls} took at most {target}"
    if not found.margin:
        return f"{said}, counted exactly."
    points = f"{100 * found.margin:.2g}" if found.margin >= 0.0005 else "less than 0.1"
    return f"{said}, right to within {points} points: times are counted in bins of 1.45 %."

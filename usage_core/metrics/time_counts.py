"""How completion times are distributed: the calls in each of the bins that are shown, in all or by model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.answer import ask
from usage_core.metrics.covers import Coverage
from usage_core.metrics.dimensions import SHOWN_PER_DOUBLING, time_bin_edges
from usage_core.metrics.histograms import Histograms, Whole
from usage_core.metrics.question import Question
from usage_core.metrics.times import added_up, in_bins
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.time_bins import BINS_PER_DOUBLING, EXACT_BINS


def time_counts(
    connection: sa.Connection, selection: Selection, models: tuple[str, ...], coverage: Coverage | None = None
) -> pd.DataFrame:
    """lower, upper (ms, floats), calls (int): one row for each bin with calls, the shortest times first.

    With models, for each of them one after another, by `model` (None where unknown); without, of all calls
    together. Calls without a completion time are left out. `coverage` as for `answer.ask`.
    """
    by = ("model",) if models else ()
    times = in_bins(selection, by, coverage)
    if times:
        frame = _shown(added_up(connection, times), by)
        if models:
            frame = frame[np.array([(value or UNKNOWN) in models for value in frame["model"]], dtype=bool)]
    else:
        some = replace(selection, model=models) if models else selection
        question = Question(some, ("calls",), (*by, "time_bin"))
        frame = ask(connection, question, coverage).dropna(subset=["time_bin"])
    frame = frame.sort_values([*by, "time_bin"], ignore_index=True)
    edges = [time_bin_edges(int(number)) for number in frame["time_bin"]]
    bins = pd.DataFrame(edges, columns=["lower", "upper"], dtype=float)
    return pd.concat([frame[[*by]], bins.assign(calls=frame["calls"].astype(int))], axis=1)


def _shown(found: Histograms, by: tuple[str, ...]) -> pd.DataFrame:
    """As the answer to a question by `time_bin`: the breakdowns, time_bin, calls."""
    shown = shown_bins(np.arange(found.calls.shape[1] - 1))
    firsts = np.flatnonzero(np.diff(shown, prepend=-1))
    sums = np.add.reduceat(found.calls[:, 1:], firsts, axis=1) if len(firsts) else found.calls[:, :0]
    groups, places = np.nonzero(sums)
    names = list(found.places)
    frame = pd.DataFrame({"time_bin": shown[firsts][places], "calls": sums[groups, places].astype(int)})
    for place, name in enumerate(by):
        frame.insert(place, name, pd.Series([names[group][place] for group in groups], dtype=object))
    return frame


def shown_bins(fine: Whole) -> Whole:
    """The shown bins that fine ones are part of, as the breakdown `time_bin` has them."""
    exact = np.floor(np.log2(np.maximum(fine, 1)) * SHOWN_PER_DOUBLING)
    first_wide = round(np.log2(EXACT_BINS)) * SHOWN_PER_DOUBLING
    wide = first_wide + (fine - EXACT_BINS - 1) // (BINS_PER_DOUBLING // SHOWN_PER_DOUBLING)
    return np.where(fine < 1, 0, np.where(fine <= EXACT_BINS, exact, wide)).astype(np.int64)

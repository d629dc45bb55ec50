"""The bins in which completion times are counted: so narrow that a percentile read from them is within one
percent of the time that was measured."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

EXACT_BINS = 256
"""Times up to this many ms have a bin of their own."""

BINS_PER_DOUBLING = 48
"""Longer times are binned by logarithm, so many bins for each doubling: each is 1.45 % wide."""


def time_bin(time: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The bin of a completion time in ms; NULL for an unknown one."""
    doublings = sa.func.log2(time / float(EXACT_BINS))
    wide = EXACT_BINS + 1 + sa.func.floor(doublings * BINS_PER_DOUBLING)
    return sa.cast(sa.case((time <= EXACT_BINS, time), else_=wide), sa.BigInteger())


def bin_of_time(time_ms: int) -> int:
    """The bin of a time in ms, as `time_bin`."""
    if time_ms <= EXACT_BINS:
        return time_ms
    return EXACT_BINS + 1 + math.floor(math.log2(time_ms / EXACT_BINS) * BINS_PER_DOUBLING)


def time_of_bin(number: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The times in ms that stand for bins: within 1 % of every time in them."""
    wide = EXACT_BINS * 2.0 ** ((number - EXACT_BINS - 0.5) / BINS_PER_DOUBLING)
    return np.where(number <= EXACT_BINS, number, np.floor(wide + 0.5))

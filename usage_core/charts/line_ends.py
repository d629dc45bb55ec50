"""Where lines have dots, where they end, and where the names at their ends are written."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Lines: TypeAlias = npt.NDArray[np.float64]
"""Figures by line and period, missing where unknown."""

_FEW = 45
"""Up to so many periods have a dot each; with more, only those that stand alone between two gaps."""


def dots(lines: Lines) -> Lines:
    """The figures that have a dot."""
    missing = np.pad(np.isnan(lines), ((0, 0), (1, 1)), constant_values=True)
    alone = missing[:, :-2] & missing[:, 2:]
    return np.where(alone | (lines.shape[1] <= _FEW), lines, np.nan)


def ends(lines: Lines) -> Lines:
    """The last known figure of each line."""
    known_from_here = np.flip(np.cumsum(np.flip(~np.isnan(lines), axis=1), axis=1), axis=1)
    return np.where(known_from_here == 1, lines, np.nan)


def spread(ends: Lines, apart: float) -> Lines:
    """Where the names at these ends are written, at least so far apart: upwards where two would overlap."""
    placed, below = ends.copy(), -np.inf
    for at in np.argsort(ends, axis=None, kind="stable"):
        if not np.isnan(ends.flat[at]):
            placed.flat[at] = below = max(ends.flat[at], below + apart)
    return placed

"""The course of a figure in a tile, as a small picture that takes on the colour of the text around it.

Not a chart of Vega's: five of those take a browser longer than a page's own charts, and each of their dots
is read out by a screen reader.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias
from urllib.parse import quote

_WIDE, _HIGH = 100, 40
"""The picture's own units; it is stretched to its tile's width."""

_EDGE = 2
"""What is left free above and below, so that a line at the edge keeps its strength."""

_STYLE = (
    "<style>path{fill:none;stroke:#000;stroke-width:1.5px;stroke-linejoin:round;stroke-linecap:round;"
    "vector-effect:non-scaling-stroke}.area{fill:#000;fill-opacity:.15;stroke:none}</style>"
)

_Points: TypeAlias = list[tuple[float, float]]


def sparkline(values: Sequence[float], *, filled: bool) -> str:
    """The course of `values`, evenly spaced, as the value of CSS's `mask-image`.

    A value that is missing (NaN) is a gap. Filled, its height is measured from zero; else from the
    lowest value. Nothing is drawn of fewer than two known values.
    """
    return _picture(tuple(None if math.isnan(value) else value for value in values), filled)


@lru_cache(maxsize=512)
def _picture(values: tuple[float | None, ...], filled: bool) -> str:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = (min(0.0, *known) if filled else min(known)), max(known)
    lines = list(_lines(values, low, high - low or 1))
    shades = [f'<path d="{_area(line, low, high)}" class="area"/>' for line in lines if filled]
    strokes = [f'<path d="{_path(line)}"/>' for line in lines]
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none">'
        f"{_STYLE}{''.join((*shades, *strokes))}</svg>"
    )
    # As a mask: pages may hold no SVG of ours, and a picture would not take on the text's colour.
    return f"url('data:image/svg+xml,{quote(picture)}')"


def _lines(values: Sequence[float | None], low: float, span: float) -> Iterable[_Points]:
    """The points of each run of known values; one that stands alone is a short line."""
    step = _WIDE / (len(values) - 1)
    drawn = (_HIGH - 2 * _EDGE) / span
    for is_gap, run in groupby(enumerate(values), key=lambda each: each[1] is None):
        if not is_gap:
            line = [
                (at * step, _HIGH - _EDGE - (value - low) * drawn) for at, value in run if value is not None
            ]
            yield line if len(line) > 1 else [line[0], line[0]]


def _path(line: _Points) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in line)


def _area(line: _Points, low: float, high: float) -> str:
    zero = _HIGH - _EDGE - (0 - low) / (high - low or 1) * (_HIGH - 2 * _EDGE)
    return f"{_path(line)}L{line[-1][0]:.2f} {zero:.2f}L{line[0][0]:.2f} {zero:.2f}Z"

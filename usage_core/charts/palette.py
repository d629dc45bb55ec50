"""The colours of the charts, once; `.streamlit/config.toml` repeats them and a test compares the two.

A spec names a colour by its position only, so one spec serves both themes. The hues start from Okabe
and Ito's set and were moved apart until every pair keeps its distance under full protan, deutan and
tritan colour-blindness and every colour keeps a contrast of 3:1 on its background.
"""

from dataclasses import dataclass

NAMED = 8
"""How many series have a colour of their own; all others are "Other"."""

OTHER = NAMED
"""The position of the grey for "Other", after the named colours."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What a theme draws with: its background, its text, eight colours and a grey, and its ramp."""

    background: str
    text: str
    quiet: str
    """Text beside the data: labels on lines and bars."""
    category: tuple[str, ...]
    sequential: tuple[str, ...]
    """Ten steps of one hue from little to much; the least is still visible on the background."""


LIGHT = Colours(
    background="#ffffff",
    text="#10161d",
    quiet="#5b6672",
    category=(
        "#1a72cf",
        "#cc8117",
        "#006e5b",
        "#9f4f96",
        "#4799dd",
        "#bc4005",
        "#45398d",
        "#653d0e",
        "#8a8f98",
    ),
    sequential=(
        "#dce9f8",
        "#c3daf2",
        "#a8c9ec",
        "#8bb7e4",
        "#6da3da",
        "#508fce",
        "#357abf",
        "#2064a9",
        "#114e8c",
        "#07386a",
    ),
)

DARK = Colours(
    background="#14171c",
    text="#e6e9ed",
    quiet="#a3abb6",
    category=(
        "#418be7",
        "#cf820c",
        "#79b985",
        "#ff98c6",
        "#2ccff8",
        "#ae4c37",
        "#615cc2",
        "#fbd5af",
        "#7d838d",
    ),
    sequential=(
        "#20344c",
        "#26446a",
        "#2c5587",
        "#3567a2",
        "#437ab9",
        "#568dcb",
        "#6fa2d9",
        "#8db8e5",
        "#afcff0",
        "#d6e7fa",
    ),
)

QUIET = f"luminance(background) > 0.5 ? '{LIGHT.quiet}' : '{DARK.quiet}'"
"""A constant expression, for what a spec writes beside the data: the grey that reads on the background.

Streamlit's own labels have a contrast of 3.7:1 on white, and its config has no key for them.
"""

STRONG = f"luminance(background) > 0.5 ? '{LIGHT.text}' : '{DARK.text}'"
"""Likewise the colour of text, for a line drawn across bars."""

WORSE = "luminance(background) > 0.5 ? '#b3261e' : '#ff8f87'"
BETTER = "luminance(background) > 0.5 ? '#146c43' : '#6fd09b'"
"""The theme's red and green, for an amount that is more or less than it was: never without its sign."""

NEUTRAL = f"luminance(background) > 0.5 ? '{LIGHT.category[OTHER]}' : '{DARK.category[OTHER]}'"
"""The grey of "Other", for an amount that is neither."""

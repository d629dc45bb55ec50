import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from usage_core.charts.palette import DARK, LIGHT, NAMED, OTHER, QUIET, Colours

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
THEMES = pytest.mark.parametrize(("name", "colours"), [("light", LIGHT), ("dark", DARK)])

Vector = tuple[float, float, float]

# Linear RGB as seen without one kind of cone at all (Machado, Oliveira and Fernandes, 2009).
SIGHT: dict[str, tuple[Vector, Vector, Vector]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# Linear RGB to cone responses, and their cube roots to OKLab (Ottosson, 2020).
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def times(matrix: tuple[Vector, ...], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def linear(colour: str) -> list[float]:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def contrast(one: str, two: str) -> float:
    weights = (0.2126, 0.7152, 0.0722)
    lights = [sum(w * c for w, c in zip(weights, linear(colour), strict=True)) for colour in (one, two)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def seen(colour: str, sight: str) -> list[float]:
    light = [min(max(channel, 0.0), 1.0) for channel in times(SIGHT[sight], linear(colour))]
    return times(LAB, [cone ** (1 / 3) for cone in times(CONES, light)])


def distance(one: list[float], two: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5


@THEMES
def test_config_and_palette_agree(name: str, colours: Colours) -> None:
    theme = CONFIG["theme"][name]
    assert tuple(theme["chartCategoricalColors"]) == colours.category
    assert tuple(theme["chartSequentialColors"]) == colours.sequential
    assert theme["backgroundColor"] == colours.background
    assert theme["textColor"] == colours.text
    assert theme["grayColor"] == colours.quiet
    assert colours.quiet in QUIET


@THEMES
def test_there_are_eight_colours_a_grey_and_ten_steps(name: str, colours: Colours) -> None:
    assert len(colours.category) == NAMED + 1
    assert len(colours.sequential) == 10
    red, green, blue = (int(colours.category[OTHER][place : place + 2], 16) for place in (1, 3, 5))
    assert max(red, green, blue) - min(red, green, blue) <= 20


@THEMES
def test_every_colour_stands_out_from_the_background(name: str, colours: Colours) -> None:
    assert min(contrast(colour, colours.background) for colour in colours.category) >= 3


@THEMES
@pytest.mark.parametrize("sight", SIGHT)
def test_every_two_colours_can_be_told_apart(name: str, colours: Colours, sight: str) -> None:
    pairs = combinations([seen(colour, sight) for colour in colours.category], 2)
    assert min(distance(*pair) for pair in pairs) >= 0.085


@THEMES
def test_the_ramp_only_grows_and_its_least_is_not_the_background(name: str, colours: Colours) -> None:
    contrasts = [contrast(colour, colours.background) for colour in colours.sequential]
    assert contrasts == sorted(contrasts)
    assert contrasts[0] >= 1.2


@THEMES
def test_text_is_legible(name: str, colours: Colours) -> None:
    theme = CONFIG["theme"][name]
    surfaces = [theme["backgroundColor"], theme["secondaryBackgroundColor"], *theme["sidebar"].values()]
    texts = [theme["textColor"], theme["linkColor"], *(v for k, v in theme.items() if k in COLOURED)]
    assert len(texts) == 2 + len(COLOURED)
    for surface in surfaces:
        assert min(contrast(text, surface) for text in texts) >= 4.5
    header = contrast(theme["dataframeHeaderTextColor"], theme["dataframeHeaderBackgroundColor"])
    assert header >= 4.5
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5
    # A column that stays in sight is written by Streamlit at 60 percent.
    assert contrast(mixed(theme["textColor"], theme["backgroundColor"], 0.6), theme["backgroundColor"]) >= 4.5


def mixed(one: str, two: str, part: float) -> str:
    channels = zip(
        *([int(each[place : place + 2], 16) for place in (1, 3, 5)] for each in (one, two)), strict=True
    )
    return "#" + "".join(f"{round(part * a + (1 - part) * b):02x}" for a, b in channels)


COLOURED = {f"{hue}Color" for hue in ("red", "orange", "yellow", "green", "blue", "violet", "gray")}


def test_the_server_is_quiet_and_local() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["server"] == {
        "headless": True,
        "address": "localhost",
        "fileWatcherType": "none",
        "maxUploadSize": 2048,
    }
    assert CONFIG["client"] == {"showErrorDetails": "none", "toolbarMode": "minimal"}

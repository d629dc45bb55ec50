"""The form that says which column of a file is which field of a call."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.text import plain
from usage_core import timeframe
from usage_core.intake.mapping import FIELDS, FIXABLE, REQUIRED, At, From, Mapping
from usage_core.intake.mapping_look import Look
from usage_core.intake.mapping_sql import (
    DAY_FIRST,
    END,
    MONTH_FIRST,
    UNITS,
    WITH_CACHED,
    WITHOUT_CACHED,
    YEAR_FIRST,
)
from usage_core.names import visible
from usage_core.schema import BY_NAME

FIRST = FIELDS[:9]
ABREAST = 3
SAID = {
    YEAR_FIRST: "2026-08-31 09:14, or a number",
    DAY_FIRST: "31.08.2026 09:14, day first",
    MONTH_FIRST: "08/31/2026 9:14 AM, month first",
    WITH_CACHED: "Cached ones are among them",
    WITHOUT_CACHED: "Cached ones come on top",
    END: "The moment it ended",
}
"""What is shown for ways of writing values whose names say too little."""
NOT_THERE: At = ()
LONGEST = 60


def place(at: At) -> str:
    """A column, or what is in its objects, as a person reads it."""
    return visible(" › ".join(at))[:LONGEST] if at else "Not in the file"


def distinct(places: Sequence[At]) -> list[str]:
    """The names of columns, each another."""
    names = list[str]()
    for at in places:
        name = place(at)
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return names


def form(look: Look, start: Mapping, token: str) -> Mapping:
    """Ask for each field; what is chosen lasts as long as the token is the same."""
    fields = dict[str, From]()
    _grid(look, start, token, FIRST, fields)
    with st.expander("More fields"):
        _grid(look, start, token, FIELDS[len(FIRST) :], fields)
    left, right = st.columns(2, vertical_alignment="bottom")
    zones = list(dict.fromkeys([start.zone, *timeframe.zone_names()]))
    zone = left.selectbox(
        "Time zone of times that do not say theirs",
        zones,
        key=f"map-zone-{token}",
        help="Offsets in a time win.",
    )
    comma = right.checkbox("Numbers have a decimal comma (1.234,56)", start.comma, key=f"map-comma-{token}")
    return Mapping(fields, zone, comma)


def _grid(look: Look, start: Mapping, token: str, names: Sequence[str], fields: dict[str, From]) -> None:
    """A cell for each field, a few abreast."""
    for first in range(0, len(names), ABREAST):
        for column, name in zip(st.columns(ABREAST), names[first : first + ABREAST], strict=False):
            with column:
                if found := _field(look, start.fields.get(name, From()), token, name):
                    fields[name] = found


def _field(look: Look, start: From, token: str, name: str) -> From | None:
    """The column of a field, how it is written, or the text that stands for it in all rows."""
    label = BY_NAME[name].label.removesuffix(" (ms)").removesuffix(" (USD/1M tokens)").removesuffix(" (USD)")
    options = [NOT_THERE, *look.places]
    at = st.selectbox(
        f"{label} *" if name in REQUIRED else label,
        options,
        index=options.index(start.at) if start.at in options else 0,
        format_func=place,
        key=f"map-{name}-{token}",
        help=plain(BY_NAME[name].meaning),
    )
    if at:
        return From(at, _unit(start, token, name))
    if name not in FIXABLE:
        return None
    fixed = st.text_input(
        f"{label} of all rows",
        start.fixed,
        key=f"map-fixed-{name}-{token}",
        placeholder=f"{label} of all rows",
        label_visibility="collapsed",
    )
    return From(fixed=fixed.strip()) if fixed.strip() else None


def _unit(start: From, token: str, name: str) -> str:
    """How a field's values are written, where there is a choice."""
    units = UNITS.get(name, ())
    if not units:
        return ""
    return st.selectbox(
        f"{BY_NAME[name].label}: how it is written",
        units,
        index=units.index(start.unit) if start.unit in units else 0,
        format_func=lambda unit: SAID.get(unit, unit),
        key=f"map-unit-{name}-{token}",
        label_visibility="collapsed",
    )

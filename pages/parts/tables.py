"""Every table of the console is drawn here: text from data is shown in it as `names.visible` makes it, and
whoever copies or saves a table has no formula in it."""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from usage_core import wording
from usage_core.names import visible_lines
from usage_core.text_guard import TRIGGER

_FORMULA = re.compile(TRIGGER)
_OURS = re.compile(r"[+-][<>]?\$?\d[\d,.]*(?: (?:[\w.$%<>,/]+|\([\w .,$%<>/-]*\)))*")
"""A figure with its sign, which begins as formulas do: `-$3.20`, `+12.0 % ($483)`."""


def legible(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of which every text may be shown and taken along; the same one where all of them may."""
    shown = {}
    for at, dtype in enumerate(frame.dtypes):
        if not (isinstance(dtype, pd.StringDtype) or pd.api.types.is_object_dtype(dtype)):
            continue
        before = frame.iloc[:, at].tolist()
        after = [_cell(each) if isinstance(each, str) else each for each in before]
        if any(new is not old for new, old in zip(after, before, strict=True)):
            shown[at] = after
    if shown:
        frame = frame.copy(deep=False)
        for at, values in shown.items():
            frame.isetitem(at, pd.Series(values, frame.index, frame.dtypes.iloc[at]))
    headings = [_cell(each) if isinstance(each, str) else each for each in frame.columns]
    return frame if headings == list(frame.columns) else frame.set_axis(headings, axis=1)


def _cell(text: str) -> str:
    """A text as a cell holds it: what a spreadsheet would take for a formula has an apostrophe in front."""
    seen = visible_lines(text)
    return f"'{seen}" if _FORMULA.match(seen) and not _OURS.fullmatch(seen) else seen


def sent(frame: pd.DataFrame) -> pa.Table:
    """A legible frame as it is sent, for tables that are made once and drawn often."""
    return pa.Table.from_pandas(legible(frame), preserve_index=False)


def draw(frame: Any, **options: Any) -> Any:
    """`st.dataframe` of a frame, of one that was `sent`, or of one with a style, which has to be legible
    before it gets it."""
    if config := options.get("column_config"):
        options["column_config"] = {
            _cell(name) if isinstance(name, str) else name: how for name, how in config.items()
        }
    shown = legible(frame) if isinstance(frame, pd.DataFrame) else frame
    # Whoever listens hears of which table a button is.
    options.setdefault("alt", f"Table of {wording.joined([str(each) for each in shown.columns])}")
    return st.dataframe(shown, **options)


def edit(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """`st.data_editor` of a frame."""
    edited: pd.DataFrame = st.data_editor(legible(frame), **options)
    return edited

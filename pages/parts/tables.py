"""Every table of the console is drawn here: text from data is shown in it as `names.visible` makes it."""

from typing import Any

import pandas as pd
import streamlit as st

from usage_core.names import visible_lines


def legible(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of which every text may be shown; the same one where all of them may."""
    shown = {}
    for at in range(frame.shape[1]):
        column = frame.iloc[:, at]
        if not pd.api.types.is_string_dtype(column) and column.dtype != object:
            continue
        texts = [each for each in column if isinstance(each, str)]
        if not "".join(texts).isprintable():
            shown[at] = [visible_lines(each) if isinstance(each, str) else each for each in column]
    if shown:
        frame = frame.copy(deep=False)
        for at, values in shown.items():
            frame.isetitem(at, pd.Series(values, frame.index, frame.dtypes.iloc[at]))
    headings = [visible_lines(each) if isinstance(each, str) else each for each in frame.columns]
    return frame if headings == list(frame.columns) else frame.set_axis(headings, axis=1)


def draw(frame: Any, **options: Any) -> Any:
    """`st.dataframe` of a frame, or of one with a style, which has to be legible before it gets it."""
    return st.dataframe(legible(frame) if isinstance(frame, pd.DataFrame) else frame, **options)


def edit(frame: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """`st.data_editor` of a frame."""
    edited: pd.DataFrame = st.data_editor(legible(frame), **options)
    return edited

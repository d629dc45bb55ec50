"""What tables show of texts from data, and that every table is drawn in the one place that sees to it."""

import re
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from pages.parts import tables
from pages.parts.tables import legible
from usage_core.names import HIDDEN

PAGES = Path(__file__).resolve().parents[2] / "pages"


def test_texts_of_a_table_turn_nothing_and_the_rest_stays() -> None:
    frame = pd.DataFrame(
        {
            "Model\u202e": pd.array(["a\u202eb", None], dtype="str"),
            "Any": [1, "x\u2066\ny"],
            "Calls": pd.array([1, None], dtype="Int64"),
            "Weeks": [[1.0], None],
        },
        index=[7, 9],
    )
    before = frame.copy()
    shown = legible(frame)
    assert list(shown.columns) == [f"Model{HIDDEN}", "Any", "Calls", "Weeks"]
    assert [shown.iat[0, 0], shown.iat[1, 1], shown.iat[0, 1]] == [f"a{HIDDEN}b", f"x{HIDDEN}\ny", 1]
    assert list(shown.dtypes) == list(frame.dtypes)
    pd.testing.assert_frame_equal(shown.iloc[:, 2:], frame.iloc[:, 2:])
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "+1+cmd|'x'", "-1+1", "@SUM(A1)", " =1", "＝1", "-2+3", "@cf/llama", "-x"],
)
def test_whoever_copies_or_saves_a_table_has_no_formula(text: str) -> None:
    """Streamlit writes the cells of a table as they are."""
    shown = legible(pd.DataFrame({text: [text]}))
    assert [shown.columns[0], shown.iat[0, 0]] == [f"'{text}"] * 2


@pytest.mark.parametrize(
    "text", ["-$3.20", "+12.0 % ($483)", "-<0.1 %", "+$1.28 M", "-1 h 05 min", "+<$0.0001", "–", "'=1", "a=b"]
)
def test_figures_and_other_texts_are_none(text: str) -> None:
    assert legible(pd.DataFrame({text: [text]})).iat[0, 0] == text


def test_a_table_without_such_texts_is_the_same() -> None:
    frame = pd.DataFrame({"Model": ["a", "b"], "Calls": [1, 2]})
    assert legible(frame) is frame


@pytest.mark.parametrize("style", [False, True])
@pytest.mark.parametrize(("given", "said"), [({}, "Table of Model and Cost"), ({"alt": "Prices"}, "Prices")])
def test_a_table_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str, style: bool
) -> None:
    drawn: dict[str, str] = {}
    monkeypatch.setattr(st, "dataframe", lambda _, **options: drawn.update(options))
    frame = pd.DataFrame({"Model": ["m"], "Cost": [1]})
    tables.draw(frame.style if style else frame, **given)
    assert drawn["alt"] == said


def test_no_page_draws_a_table_by_itself() -> None:
    past = re.compile(r"\bst\.(?:sidebar\.)?(?:dataframe|data_editor|table|write|json)\(|\.dataframe\(")
    found = [path for path in PAGES.rglob("*.py") if past.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in found] == ["tables.py"]

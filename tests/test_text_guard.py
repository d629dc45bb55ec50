import re

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from usage_core.text_guard import GUARD_WHEN, UNGUARD_WHEN, guard, unguard

FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")
AWKWARD = [
    *FORMULA_STARTS,
    "'",
    " ",
    "\v",
    "\f",
    "\x00",
    "\x1c",
    "\x85",
    "\xa0",
    "\u2003",
    "\u2028",
    "\ufeff",
    "a",
]

texts = st.text(st.sampled_from(AWKWARD), max_size=6) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=10
)


@given(texts)
def test_what_is_guarded_is_restored(text: str) -> None:
    assert unguard(guard(text)) == text


@given(texts)
def test_a_guarded_text_starts_no_formula(text: str) -> None:
    assert not guard(text).lstrip(" ").startswith(FORMULA_STARTS)
    assert not guard(text).lstrip(" \t\n\v\f\r").startswith(FORMULA_STARTS)


@given(texts)
def test_a_guard_is_one_apostrophe_and_only_where_needed(text: str) -> None:
    assert guard(text) in (text, "'" + text)
    if text.strip(" '")[:1].isalnum():
        assert guard(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("  =1+1", "'  =1+1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("'tis", "'tis"),
        ("a=b", "a=b"),
        ("", ""),
        ("gpt-4o", "gpt-4o"),
    ],
)
def test_examples(text: str, written: str) -> None:
    assert guard(text) == written
    assert unguard(written) == text


@given(st.lists(texts, min_size=1, max_size=30))
@example(["\v=1", "\f=1", "\x1c=1", "\x85=1", "\xa0=1", "\n=1", "' =1", "'\v="])
def test_the_three_readers_of_the_expressions_agree(found: list[str]) -> None:
    for pattern in (GUARD_WHEN, UNGUARD_WHEN):
        python = [re.match(pattern, text) is not None for text in found]
        assert pc.match_substring_regex(pa.array(found, pa.string()), pattern).to_pylist() == python
        rows = duckdb.execute(
            "SELECT regexp_matches(t, $2) FROM (SELECT unnest($1::VARCHAR[]) AS t)",
            [found, pattern],
        ).fetchall()
        assert [matched for (matched,) in rows] == python

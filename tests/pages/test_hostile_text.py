"""Names that would be markup, links, formulas or commands are shown as what they are."""

import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.text import plain
from tests.metrics.by_hand import Row, call
from tests.pages.conftest import check, texts, visit
from tests.pages.test_pages import PAGES, PRICES
from usage_core.names import shown, visible
from usage_core.text_guard import guard

pytestmark = pytest.mark.usefixtures("every_view")

HOSTILE = {
    "html": "<img src=x onerror=alert(1)>",
    "link": "[x](javascript:alert(1))",
    "formula": "=cmd|' /C calc'!A0",
    "template": "{{7*7}}",
    "emoji": ":fire:",
    "icon": ":material/star:",
    "colour": ":red[x]",
    "mathematics": "$x^2$",
    "turned": "\u202eabc\u2066\u200f",
    "bold": "**b** `code` ~~x~~",
    "heading": "## h",
    "address": "https://evil.example",
    "entity": "&lt;b&gt;",
    "shell": 'it\'s `id` $(touch x) "q"',
    "folded": "\x1fother",
    "absent": "(not given)",
    "lines": "a\u2028b\x0cc\x85d",
}
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC).replace(tzinfo=None)
LINK: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-01", "2026-11-10"]}


TURNING = set("\u202e\u2066\u2028\x0c\x85\x1f\u200f")


def hostile_calls() -> list[Row]:
    """Calls of keys, providers and models of each name, in two periods; the last cost and take most."""
    return [
        call(
            MONDAY - timedelta(minutes=n + 30 * place, days=9 * (n % 2)),
            api_key_id=name,
            api_key_name=name,
            provider=f"from {name}",
            model=f"{name}{suffix}",
            input_tokens=10 + place if n % 2 else 20 + 2 * place,
            output_tokens=1,
            completion_time_ms=50 + place,
            **PRICES,
        )
        for place, name in enumerate(HOSTILE.values())
        for suffix in ("", " too")
        for n in range(40)
    ]


@pytest.fixture
def hostile(holding: Callable[..., None]) -> None:
    holding("hostile", hostile_calls())


def check_texts(app: AppTest, title: str) -> None:
    check(app, title)
    for text in texts(app):
        assert not [name for name in HOSTILE.values() if name in text], text
        assert not set(text) & TURNING, text
    for text in chosen_among(app):
        assert not set(text) & TURNING, text
    assert not [text for text in cells(app) if text.startswith(("=", "@"))]


def chosen_among(app: AppTest) -> Iterator[str]:
    """Every text of a page that is no Markdown: of tables, and of what can be chosen."""
    yield from cells(app)
    for each in (*app.selectbox, *app.multiselect):
        yield from each.options
    yield from (each.value for each in app.code)


def cells(app: AppTest) -> Iterator[str]:
    """Every text of a table."""
    for table in app.dataframe:
        yield from map(str, table.value.columns)
        yield from (text for _, column in table.value.items() for text in column if isinstance(text, str))


@pytest.mark.parametrize(("page", "title"), PAGES.items())
def test_pages_full_of_hostile_names(hostile: None, page: str, title: str) -> None:
    check_texts(visit(page, by="Provider", **LINK), title)


@pytest.mark.parametrize("kind", HOSTILE)
def test_marks_of_a_name_mean_nothing(kind: str) -> None:
    """Whatever has a meaning in Markdown has a backslash before it, or a word joiner within it."""
    shown = plain(HOSTILE[kind])
    assert not re.search(r"(?<!\\)[<>\[\]()*_`~$#{}|&]", shown)
    assert not re.search(r":[\w+-]+:", shown.replace("\\", ""))
    assert not set(shown) & TURNING


@pytest.mark.parametrize("kind", ["html", "link", "mathematics", "turned"])
def test_a_sentence_on_a_hostile_name(hostile: None, kind: str) -> None:
    """With this provider's calls alone, the key is named on the Overview, a model on the other pages."""
    provider = shown(f"from {HOSTILE[kind]}")
    for page in ("usage/overview", "usage/latency" if len(kind) % 2 else "usage/cost"):
        app = visit(page, by="Model", provider=provider, **LINK)
        assert app.sidebar.multiselect[1].value == [provider]
        assert "**" in app.main.markdown[0].value
        check_texts(app, PAGES[page])


@pytest.mark.parametrize("kind", ["shell", "formula"])
def test_the_command_line_shown_runs_nothing_else(hostile: None, kind: str) -> None:
    """Whoever pastes it into a shell passes a value, whatever the log called its key."""
    name = HOSTILE[kind]
    app = visit("usage/export", key=name, **LINK)
    check(app, "Export")
    shown = app.code[0].value
    words = shlex.split(shown)
    assert f"--key={name}" in words
    assert shlex.join(words) == shown


@pytest.mark.parametrize("kind", ["lines", "formula"])
def test_the_first_rows_are_those_of_the_file(hostile: None, kind: str) -> None:
    app = visit("usage/export", key=shown(HOSTILE[kind]), **LINK)
    check(app, "Export")
    rows = app.dataframe[0].value.to_dict("records")
    assert len(rows) > 1
    assert {row["API Key Name"] for row in rows} == {visible(guard(HOSTILE[kind]))}
    assert {row["Output Tokens"] for row in rows} == {"1"}


def test_a_provider_called_not_given_is_not_the_missing_one(holding: Callable[..., None]) -> None:
    """Both can be chosen, and each brings its own calls."""
    rows = [call(MONDAY, provider="(not given)"), call(MONDAY), call(MONDAY + timedelta(minutes=1))]
    holding("not-given", rows)
    options = visit(provider="(not given)", **LINK).sidebar.multiselect[1].options
    assert len(options) == len(set(options)) == 2
    counts = {visit(provider=option, **LINK).sidebar.caption[-1].value.split(",")[0] for option in options}
    assert counts == {"1 call", "2 calls"}

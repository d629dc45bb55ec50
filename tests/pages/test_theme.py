"""The theme is written once, and is the one that Streamlit would write."""

from collections.abc import Callable

import pytest
from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

from pages.server import theme


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    original: Callable[..., None] = getattr(app_session, theme.WRITER)
    monkeypatch.setattr(app_session, theme.WRITER, original)  # taken back at the end
    theme.write_once()
    return original


def whole(write: Callable[..., None]) -> CustomThemeConfig:
    """The theme with its parts, as a session's first message has it."""
    made = CustomThemeConfig()
    write(made)
    for part in ("light", "dark", "sidebar"):
        write(getattr(made, part), f"theme.{part}")
    for part in ("light", "dark"):
        write(getattr(made, part).sidebar, f"theme.{part}.sidebar")
    return made


def test_every_run_is_given_the_theme_that_streamlit_writes(writer: Callable[..., None]) -> None:
    expected = whole(writer)
    assert expected.light.primary_color == config.get_option("theme.light.primaryColor")
    for _ in range(2):
        assert whole(getattr(app_session, theme.WRITER)) == expected


def test_a_streamlit_that_writes_it_another_way_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(app_session, theme.WRITER)
    theme.write_once()
    assert not hasattr(app_session, theme.WRITER)

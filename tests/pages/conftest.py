"""The app as a visitor's script run, without a server: `visit` a page over `holding` these calls."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from benchmarks.script import ended
from pages.parts import views
from tests.metrics.by_hand import Row, as_log
from usage_core import cached, settings
from usage_core.intake.run import import_file
from usage_core.settings import Settings
from usage_core.workspace import Workspace

APP = Path(__file__).resolve().parents[2] / "app.py"
HOME = "usage/overview"
COMPILED = ScriptCache()
SAMPLE_CALLS = 1_500


@pytest.fixture(scope="session")
def opened(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Workspace]]:
    """`opened(name, rows)` is the workspace of a store with these calls. It is made once for a name and stays
    open: opening it takes as long as several pages."""
    known: dict[str, Workspace] = {}

    def workspace(name: str, rows: Iterable[Row] = ()) -> Workspace:
        if name not in known:
            home = tmp_path_factory.mktemp(f"store-{name}")
            folder = Path(shutil.copytree(empty_store, home / "store"))
            made = known[name] = Workspace(Settings(folder), calls=SAMPLE_CALLS)
            if rows := list(rows):
                (home / "log.csv").write_text(as_log(rows), encoding="utf-8", newline="")
                assert import_file(made.real, home / "log.csv").rows_stored == len(rows)
            made.shown().lake.keep_hot()
            if hot := made.shown().lake.hot:
                hot.make()  # what the first page asks is then answered by it
        return known[name]

    yield workspace
    for each in known.values():
        each.close()


@pytest.fixture(scope="module")
def holding(opened: Callable[..., Workspace]) -> Iterator[Callable[..., None]]:
    """`holding(name, rows)`: from now on the app shows this store; without rows, a small sample."""
    shown: list[str] = []

    def hold(name: str, rows: Iterable[Row] = ()) -> None:
        workspace = opened(name, rows)
        if shown != [name]:
            cached.workspace.clear()
            patch.setenv(
                settings.DATABASE_URL, "ducklake" + workspace.real.folder.as_uri().removeprefix("file")
            )
            patch.setattr(cached, "Workspace", lambda _settings: workspace)
            shown[:] = [name]
            cached.refresh()

    with pytest.MonkeyPatch.context() as patch:
        # Each AppTest would look through all installed packages for components of their own.
        patch.setattr(manifest_scanner, "scan_component_manifests", list)
        st.cache_resource.clear()
        patch.setattr(local_script_runner, "require_widgets_deltas", ended)
        # Each run would compile the app and the page anew, twice; a server does it once.
        for module in (app_test, local_script_runner):
            patch.setattr(module, "ScriptCache", lambda: COMPILED)
        yield hold
        st.cache_resource.clear()


@pytest.fixture
def every_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages draw all their tabs, as a reader sees them one after the other."""
    monkeypatch.setattr(views, "is_open", lambda _tab: True)


def visit(page: str = HOME, **params: str | list[str]) -> AppTest:
    """A page as a link with these parameters opens it; in UTC unless the link says otherwise."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in {"tz": "UTC", **params}.items():
        app.query_params[name] = value
    return (app if page == HOME else app.switch_page(f"pages/{page}.py")).run()


def check(app: AppTest, title: str) -> None:
    """The page was drawn to its end, within its frame."""
    assert not app.exception, app.exception
    assert not app.error, app.error
    assert [each.value for each in app.title] == [title]
    assert not app.subheader, "whoever listens goes from heading to heading: none skips a level"
    assert "Timeframe" in [each.label for each in app.sidebar.get("button_group")]


def view(app: AppTest, label: str) -> list[str]:
    """What is said in a tab."""
    [tab] = [each for each in app.tabs if each.label == label]
    return [each.value for each in tab if each.type in ("markdown", "caption")]


def texts(app: AppTest) -> list[str]:
    """Every text of a page that is read as Markdown."""
    kinds = ("markdown", "caption", "title", "header", "info", "warning", "success", "error")
    found = [element.value for kind in kinds for element in app.get(kind)]
    return found + [metric.label for metric in app.metric] + [each.label for each in app.expander]


def found(app: AppTest, kind: str, key: str) -> Any:
    """The message of a chart or table whose clicks are followed."""
    protos = [each.proto for each in (app.dataframe if kind == "dataframe" else app.get(kind))]
    return next(proto for proto in protos if proto.id and f"-{key}-" in f"{proto.id}-")


def send(app: AppTest, widget: str, state: dict[str, Any]) -> AppTest:
    states = app._tree.get_widget_states()
    states.widgets.append(WidgetState(id=widget, string_value=json.dumps(state)))
    after = app._run(states)
    assert not after.exception, after.exception
    return after

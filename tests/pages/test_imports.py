"""The Imports page: an import is undone after it was shown what that takes away."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.importing import LABELS, as_csv, row
from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit
from usage_core import cached
from usage_core.intake.run import import_file

Holding = Callable[..., None]

AT = datetime(2026, 11, 2, 9)  # noqa: DTZ001 - the store's instants are naive UTC
CALLS = [call(AT, api_key_id="a", api_key_name="*web*"), call(AT, api_key_id="b")]


def undone(app: AppTest) -> list[str]:
    [table] = [each.value for each in app.dataframe]
    return list(table["Undone"]) if "Undone" in table else []


def test_costs_in_doubt_are_counted_and_can_be_downloaded(holding: Holding, tmp_path: Path) -> None:
    holding("doubted")
    log = tmp_path / "log.csv"
    header = ",".join([*LABELS, "Call Kind", "Cost (USD)"])
    log.write_text(f"{header}\r\n" + as_csv([[*row(), "", "0.02"], [*row(model="m"), "", "0.01325"]]))
    import_file(cached.workspace().real, log)
    app = visit("admin/imports")
    check(app, "Imports")
    [table] = [each.value for each in app.dataframe]
    assert list(table["In doubt"]) == [1]
    assert table["Rows in doubt"][0].endswith("/rows-in-doubt")
    assert "1 of the rows stored has a cost" in table["Notes"][0]


def test_an_import_is_undone(holding: Holding) -> None:
    holding("undone", CALLS)
    app = visit("admin/imports")
    check(app, "Imports")
    assert undone(app) == []
    [choice] = [each for each in app.main.selectbox if each.label == "Undo an import"]
    choice.select_index(0).run()
    [asked] = [each.value for each in app.main.warning]
    assert asked.startswith(r"Undoing the import of **log\.csv** takes away 2 calls from 2 Nov 2026")
    assert r"2 API keys: \*web\* (1), b (1)." in asked
    app.main.button(key="undo-not").click().run()
    assert not app.main.warning
    choice.select_index(0).run()
    app.main.button(key="undo-now").click().run()
    check(app, "Imports")
    assert r"The import of log\.csv is undone: 2 calls taken away." in texts(app)
    assert [each != "" for each in undone(app)] == [True]
    assert "Undo an import" not in [each.label for each in app.main.selectbox]
    check(visit(), "Overview")  # the sample is back

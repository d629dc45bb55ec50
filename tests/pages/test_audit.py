"""The audit log on its page, and what pages add to it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pages.server import visitor
from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit
from tests.pages.test_pages import NOW
from usage_core import cached, cached_real
from usage_core.access.journal import Event
from usage_core.access.rules import Refusal, Role, Visitor, Why

Holding = Callable[..., None]
ADA = Visitor("ada@example.com", Role.ADMINISTRATOR)


def test_the_page_shows_entries_as_they_are(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "judged", lambda _claims: ADA)
    holding("audit", [call(NOW - timedelta(days=1))])
    check(visit("admin/audit"), "Audit log")
    cached.workspace().journal.record(Event.REFUSED, "[x](javascript:1)", "not on the list")
    cached.workspace().journal.record(Event.EXPORTED, None, "calls: from=x", 5)
    app = visit("admin/audit")
    check(app, "Audit log")
    table = app.dataframe[0].value
    assert list(table["Who"]) == ["this machine", "[x](javascript:1)"]
    assert list(table["Event"]) == ["Exported", "Refused"]
    app.main.multiselect[0].select("refused").run()
    assert list(app.dataframe[0].value["Event"]) == ["Refused"]


def test_who_may_no_longer_be_here_changes_nothing(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    """A button's callback comes before the frame could turn its visitor away."""
    monkeypatch.setattr(visitor, "judged", lambda _claims: ADA)
    holding("audit-undo", [call(NOW - timedelta(days=1))])
    app = visit("admin/imports")
    choice = next(each for each in app.main.selectbox if each.label == "Undo an import")
    choice.select_index(0).run()
    monkeypatch.setattr(visitor, "judged", lambda _claims: Refusal(Why.ENDED))
    button = next(each for each in app.main.button if each.label == "Undo this import")
    button.click().run()
    assert [each.value for each in app.title] == ["Signed out"]
    assert not app.sidebar.button
    monkeypatch.setattr(visitor, "judged", lambda _claims: ADA)
    assert cached_real.holdings().calls == 1
    app = visit("admin/imports")
    choice = next(each for each in app.main.selectbox if each.label == "Undo an import")
    choice.select_index(0).run()
    next(each for each in app.main.button if each.label == "Undo this import").click().run()
    assert any("is undone" in text for text in texts(app))
    entry = next(cached.workspace().journal.entries())
    assert (entry.event, entry.who, entry.rows) == ("deleted", "ada@example.com", 1)

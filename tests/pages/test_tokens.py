"""The page of access tokens: one is shown until it is copied, and never again."""

from collections.abc import Callable
from datetime import timedelta

from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit
from tests.pages.test_pages import NOW
from usage_core import cached
from usage_core.access import tokens
from usage_core.access.rules import Scope

PAGE, TITLE = "admin/tokens", "Access tokens"


def test_create_copy_revoke(holding: Callable[..., None]) -> None:
    holding("tokens", [call(NOW - timedelta(days=1))])
    app = visit(PAGE)
    check(app, TITLE)
    create = next(each for each in app.main.button if each.label == "Create token")
    create.click().run()
    assert ["Give the token a name" in each.value for each in app.main.error] == [True]
    app.main.text_input[0].input("[nightly](x)")
    app.main.button_group[0].set_value([Scope.EXPORT])
    next(each for each in app.main.button if each.label == "Create token").click().run()
    check(app, TITLE)
    [code] = [each.value for each in app.code]
    assert code.startswith(tokens.BEGIN)
    app.run()
    assert [each.value for each in app.code] == [code]
    next(each for each in app.main.button if each.label == "I have copied it").click().run()
    check(app, TITLE)
    assert not app.code
    table = app.dataframe[0].value
    assert list(table["Name"]) == ["[nightly](x)"]
    assert list(table["State"]) == ["In force"]
    app.main.selectbox(key="token-revoke").select_index(0).run()
    next(each for each in app.main.button if each.label == "Revoke this token").click().run()
    check(app, TITLE)
    assert list(app.dataframe[0].value["State"]) == ["Revoked"]
    assert any("is revoked" in text for text in texts(app))
    [token] = tokens.known(cached.workspace().journal)
    assert token.revoked_at is not None
    events = [each.event for each in cached.workspace().journal.entries()]
    assert events == ["token revoked", "token created"]

"""The console does not start where whoever reaches it could do everything."""

import pytest
from streamlit import config

from pages.server import application, starting, visitor
from usage_core.access import configuration
from usage_core.errors import AccessMisconfigured, StoreUnavailable

ACCESS = configuration.load(
    {
        "USAGE_URL": "https://console.example.com",
        "USAGE_SIGN_IN_METADATA_URL": "https://id.example/.well-known/openid-configuration",
        "USAGE_SIGN_IN_CLIENT_ID": "console",
        "USAGE_SIGN_IN_CLIENT_SECRET": "s3cret",
        "USAGE_SIGN_IN_COOKIE_SECRET": "c" * 40,
        "USAGE_ADMINISTRATORS": "ada@example.com",
    }
)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    given: dict[str, object] = {"server.address": "localhost", "server.trustedUserHeaders": {}}
    monkeypatch.setattr(config, "get_option", given.get)
    monkeypatch.setattr(visitor, "access", lambda: given.get("access"))
    return given


@pytest.mark.parametrize("address", ["::", "192.0.2.7", None, "console.example.com"])
def test_without_sign_in_it_starts_on_this_machine_only(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    assert starting.checked_access() is None
    assert set(starting.hosts(None)) == set(starting.LOOPBACK)
    options["server.address"] = address
    with pytest.raises(SystemExit, match="no sign-in is configured"):
        starting.checked_access()
    monkeypatch.setenv(configuration.OPEN_DOORS, "1")
    with pytest.raises(SystemExit):
        starting.checked_access()
    monkeypatch.setenv(configuration.OPEN_DOORS, "yes")
    assert starting.checked_access() is None


def test_with_sign_in_it_starts_anywhere(options: dict[str, object]) -> None:
    options |= {"server.address": "192.0.2.7", "access": ACCESS}
    assert starting.checked_access() is ACCESS
    assert "console.example.com" in starting.hosts(ACCESS)
    assert "*" not in starting.hosts(ACCESS)
    assert starting.secrets(ACCESS, "/usage")["redirect_uri"] == (
        "https://console.example.com/usage/oauth2callback"
    )


def test_a_store_that_cannot_be_opened_ends_it_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shut() -> None:
        raise StoreUnavailable("There is no room.")

    ended: list[int] = []
    monkeypatch.setattr(application, "_shown", shut)
    monkeypatch.setattr(starting.os, "_exit", ended.append)
    application._warm()
    assert ended == [1]
    assert capsys.readouterr().err == "\nThe console does not start. There is no room.\n\n"


def test_nobody_may_say_who_they_are(options: dict[str, object]) -> None:
    options |= {"access": ACCESS, "server.trustedUserHeaders": {"X-Email": "email"}}
    with pytest.raises(SystemExit, match="trustedUserHeaders"):
        starting.checked_access()


def test_half_a_configuration_is_said(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    def half() -> None:
        raise AccessMisconfigured("Still missing: url.")

    monkeypatch.setattr(visitor, "access", half)
    with pytest.raises(SystemExit, match="Still missing"):
        starting.checked_access()

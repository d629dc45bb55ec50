"""Sign-in by file or environment: whole, or refused in words that hold no secret."""

from datetime import timedelta
from pathlib import Path

import pytest

from usage_core.access.configuration import FILE, SETTINGS, load
from usage_core.access.rules import People, Viewers
from usage_core.errors import AccessMisconfigured

SECRET = "this-is-a-secret-of-enough-letters-to-be-one"
WHOLE = {
    "USAGE_URL": "https://console.example.com/",
    "USAGE_SIGN_IN_METADATA_URL": "https://id.example/.well-known/openid-configuration",
    "USAGE_SIGN_IN_CLIENT_ID": "console",
    "USAGE_SIGN_IN_CLIENT_SECRET": "s3cret",
    "USAGE_SIGN_IN_COOKIE_SECRET": SECRET,
    "USAGE_ADMINISTRATORS": "Ada@Example.com, @ops.example ,group:Fin Ops",
}


def test_nothing_is_no_sign_in() -> None:
    assert load({"PATH": "/bin", "USAGE_DATABASE_URL": "ducklake:///x"}) is None


def test_the_environment() -> None:
    access = load({**WHOLE, "USAGE_SIGN_IN_HOURS": "0.5", "USAGE_VIEWERS": "@example.com"})
    assert access is not None
    assert (access.url, access.host, access.is_https) == (
        "https://console.example.com",
        "console.example.com",
        True,
    )
    named = frozenset({"ada@example.com"}), frozenset({"ops.example"}), frozenset({"Fin Ops"})
    assert access.rules.administrators == People(*named)
    assert access.rules.viewers == (Viewers(People(domains=frozenset({"example.com"}))),)
    assert access.rules.longest == timedelta(minutes=30)
    assert access.rules.verified_claim == "email_verified"


def test_a_file_the_environment_and_a_secret_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "access.toml").write_text(
        'administrators = ["ada@example.com"]\nsign_in_hours = 1\n'
        'viewers = ["eve@example.com", { who = ["group:a"], keys = ["k"] }, { who = ["group:b"] }]\n'
    )
    environment = {
        name: value for name, value in WHOLE.items() if "ADMIN" not in name and "COOKIE" not in name
    }
    environment |= {
        FILE: str(tmp_path / "access.toml"),
        "USAGE_SIGN_IN_HOURS": "2",
        "USAGE_SIGN_IN_COOKIE_SECRET_FILE": str(tmp_path / "secret"),
    }
    access = load(environment)
    assert access is not None
    assert access.cookie_secret == SECRET
    assert access.rules.longest == timedelta(hours=2)
    assert [viewers.keys for viewers in access.rules.viewers] == [None, ("k",), None]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"USAGE_URL": ""}, "Still missing: url (or USAGE_URL)"),
        ({"USAGE_ADMINISTRATORS": ""}, "administrators"),
        ({"USAGE_ADMINISTRATORS": " , "}, "nobody is named"),
        ({"USAGE_ADMINISTRATORS": "ada"}, "'ada'"),
        ({"USAGE_ADMINISTRATORS": "@"}, "'@'"),
        ({"USAGE_ADMINISTRATORS": "group:"}, "at least one"),
        ({"USAGE_SIGN_IN_COOKIE_SECRET": "too-short-a-secret"}, "32 characters"),
        ({"USAGE_SIGN_IN_HOURS": "soon"}, "sign_in_hours"),
        ({"USAGE_SIGN_IN_HOURS": "inf"}, "sign_in_hours"),
        ({"USAGE_URL": "console.example.com"}, "scheme and host"),
        ({"USAGE_URL": "https://console.example.com/usage"}, "server.baseUrlPath"),
        ({FILE: "/nowhere/access.toml"}, "cannot be read"),
    ],
)
def test_what_cannot_be_meant(changed: dict[str, str], said: str) -> None:
    with pytest.raises(AccessMisconfigured) as error:
        load({**WHOLE, **changed})
    assert said in str(error.value)
    for secret in (SECRET, "s3cret", "too-short-a-secret"):
        assert secret not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = ", "not TOML"),
        ('administrater = ["a@b.c"]', "administrater"),
        ('viewers = [{ who = ["a@b.c"], key = ["k"] }]', "A viewer is written"),
        ('viewers = [{ who = ["a@b.c"], keys = "k" }]', "A viewer is written"),
        ('viewers = [{ who = ["a@b.c"], keys = [] }]', "empty list"),
        ('viewers = [{ keys = ["k"] }]', "at least one"),
    ],
)
def test_what_cannot_be_meant_in_a_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "access.toml").write_text(text)
    with pytest.raises(AccessMisconfigured, match=said):
        load({**WHOLE, FILE: str(tmp_path / "access.toml")})


def test_every_setting_is_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/sign-in.md").read_text(encoding="utf-8")
    assert not [each.name for each in SETTINGS if f"`{each.name}`" not in text]

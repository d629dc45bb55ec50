"""How sign-in is configured: by a TOML file that USAGE_ACCESS_FILE names, by the environment, or both.

A setting of the environment is heard before the file's. Without any there is no sign-in.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from usage_core.access.rules import People, Rules, Viewers
from usage_core.errors import AccessMisconfigured

FILE = "USAGE_ACCESS_FILE"
OPEN_DOORS = "USAGE_LET_ANYONE_IN_WITHOUT_SIGN_IN"
"""Set to `yes`, a console without sign-in answers on other addresses than this machine's own."""

SHORTEST_SECRET = 32
LONGEST_HOURS = 24 * 30


class Setting(NamedTuple):
    """One setting of sign-in."""

    name: str
    """In the file; in the environment it is USAGE_ and the name in capitals."""
    meaning: str
    default: str | None = None

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"USAGE_{self.name.upper()}"


SETTINGS = (
    Setting("url", "The address people open, as `https://console.example.com`"),
    Setting("sign_in_metadata_url", "The identity provider's `…/.well-known/openid-configuration`"),
    Setting("sign_in_client_id", "The client id the identity provider gave"),
    Setting("sign_in_client_secret", "Its secret"),
    Setting("sign_in_cookie_secret", "At least 32 random characters; a change signs everybody out"),
    Setting("sign_in_scope", "What is asked of the identity provider", "openid email profile"),
    Setting("sign_in_prompt", "OpenID Connect's `prompt`: `select_account`, `login`", "select_account"),
    Setting("sign_in_hours", "A sign-in ends after so many hours", "12"),
    Setting("sign_in_groups_claim", "The claim that names a person's groups", "groups"),
    Setting("sign_in_verified_claim", "The claim that says the address is verified", "email_verified"),
    Setting("administrators", "Who may do everything: `ada@example.com`, `@example.com`, `group:finops`"),
    Setting("metrics_token", "Lets Prometheus read `/metrics` as `Authorization: Bearer …`", ""),
    Setting("viewers", "Who may see and export all calls; likewise", ""),
)
"""Every setting. In the environment, lists are written with commas."""

_REQUIRED = tuple(each.name for each in SETTINGS if each.default is None)


@dataclass(frozen=True, slots=True)
class Access:
    """How people sign in, and who gets in."""

    url: str
    """Scheme and host that people open, without a path."""
    metadata_url: str
    client_id: str
    client_secret: str
    cookie_secret: str
    scope: str
    prompt: str
    metrics_token: str
    rules: Rules

    @property
    def is_https(self) -> bool:
        """Whether people reach the console by TLS."""
        return self.url.startswith("https://")

    @property
    def host(self) -> str:
        """The host's name in the address people open."""
        return urlsplit(self.url).hostname or ""


def load(environment: Mapping[str, str] = os.environ) -> Access | None:
    """The configuration, or None where there is none.

    Raises:
        AccessMisconfigured: it is not complete, or a setting cannot be meant. It never says a secret.
    """
    given = _given(environment)
    if not given:
        return None
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        named = ", ".join(f"{name} (or USAGE_{name.upper()})" for name in missing)
        raise AccessMisconfigured(f"Sign-in is configured in part. Still missing: {named}.")
    setting = {each.name: each.default for each in SETTINGS if each.default} | given
    if len(str(setting["sign_in_cookie_secret"])) < SHORTEST_SECRET:
        raise AccessMisconfigured(
            f"sign_in_cookie_secret has fewer than {SHORTEST_SECRET} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return Access(
        url=_origin(str(setting["url"])),
        metadata_url=str(setting["sign_in_metadata_url"]),
        client_id=str(setting["sign_in_client_id"]),
        client_secret=str(setting["sign_in_client_secret"]),
        cookie_secret=str(setting["sign_in_cookie_secret"]),
        scope=str(setting["sign_in_scope"]),
        prompt=str(setting["sign_in_prompt"]),
        metrics_token=str(setting.get("metrics_token") or ""),
        rules=_rules(setting),
    )


def are_doors_open(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a console without sign-in was told to answer on other addresses than this machine's own."""
    return environment.get(OPEN_DOORS) == "yes"


def _given(environment: Mapping[str, str]) -> dict[str, Any]:
    given = _of_file(Path(environment[FILE])) if environment.get(FILE) else {}
    for each in SETTINGS:
        if environment.get(each.variable):
            given[each.name] = environment[each.variable]
        elif path := environment.get(f"{each.variable}_FILE"):  # a secret that a container is handed
            given[each.name] = _text(Path(path)).strip()
    return given


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise AccessMisconfigured(f"{path} cannot be read: {reason}.") from error


def _of_file(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise AccessMisconfigured(f"{path} is not TOML: {error}.") from error
    unknown = sorted(set(found) - {each.name for each in SETTINGS})
    if unknown:
        known = ", ".join(each.name for each in SETTINGS)
        raise AccessMisconfigured(
            f"{path} has settings that are not known: {', '.join(unknown)}. Known are: {known}."
        )
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise AccessMisconfigured(
            f"url must be the scheme and host that people open, as https://console.example.com, not {url!r}. "
            "A path in front of the console is Streamlit's server.baseUrlPath."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _rules(setting: Mapping[str, Any]) -> Rules:
    try:
        hours = float(setting["sign_in_hours"])
    except (TypeError, ValueError):
        hours = 0
    if not 0 < hours <= LONGEST_HOURS:
        raise AccessMisconfigured(f"sign_in_hours must be a number above 0 and at most {LONGEST_HOURS}.")
    return Rules(
        administrators=people("administrators", setting["administrators"]),
        viewers=_viewers(setting.get("viewers") or []),
        longest=timedelta(hours=hours),
        groups_claim=str(setting["sign_in_groups_claim"]),
        verified_claim=str(setting["sign_in_verified_claim"]),
    )


def _viewers(value: object) -> tuple[Viewers, ...]:
    """Viewers of all keys as a list of people, or a list of `{who = [...], keys = [...]}`."""
    entries = value if isinstance(value, list) else [value]
    everything = [entry for entry in entries if not isinstance(entry, dict)]
    found = [Viewers(people("viewers", everything))] if everything else []
    for entry in entries:
        if isinstance(entry, dict):
            keys = entry.get("keys")
            if set(entry) - {"who", "keys"} or (keys is not None and not _are_texts(keys)):
                raise AccessMisconfigured('A viewer is written {who = ["…"], keys = ["key id", "…"]}.')
            found.append(Viewers(people("viewers", entry.get("who", [])), keys and tuple(keys)))
            if keys == []:
                raise AccessMisconfigured("A viewer's keys are an empty list. Leave keys away to mean all.")
    return tuple(found)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def people(name: str, value: object) -> People:
    """People written as a list, or as a text with commas: addresses, `@domain`, `group:name`.

    Raises:
        AccessMisconfigured: nobody is named, or an entry is none of the three.
    """
    entries = value if isinstance(value, list) else str(value).split(",")
    texts = [str(entry).strip() for entry in entries if str(entry).strip()]
    groups = frozenset(text.removeprefix("group:").strip() for text in texts if text.startswith("group:"))
    others = [text.casefold() for text in texts if not text.startswith("group:")]
    domains = frozenset(text[1:] for text in others if text.startswith("@") and len(text) > 1)
    emails = frozenset(text for text in others if text.count("@") == 1 and text.strip("@") == text)
    wrong = [text for text in others if text not in emails and text.removeprefix("@") not in domains]
    if wrong or not texts or "" in groups:
        raise AccessMisconfigured(
            f"{name} must name at least one person, domain or group, as ada@example.com, @example.com or "
            f"group:finops. Not understood: {', '.join(map(repr, wrong)) or 'nobody is named'}."
        )
    return People(emails, domains, groups)

"""Where things are, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from usage_core.errors import SettingRefused, StoreUnavailable

DATABASE_URL = "USAGE_DATABASE_URL"
EXPORTS_AT_ONCE = "USAGE_EXPORTS_AT_ONCE"
AT_ONCE = 4
CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """The console's settings."""

    folder: Path
    """The store's folder."""
    exports_at_once: int = AT_ONCE
    """So many files of calls are sent at a time by one process; whoever asks for another is asked to wait."""


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment.

    Raises:
        StoreUnavailable: USAGE_DATABASE_URL names no store this program knows.
        SettingRefused: another setting cannot be meant.
    """
    url = environment.get(DATABASE_URL, "")
    folder = store_folder(url) if url else CHECKOUT / "data"
    at_once = environment.get(EXPORTS_AT_ONCE, "").strip()
    return Settings(folder, _at_once(at_once)) if at_once else Settings(folder)


def _at_once(named: str) -> int:
    if not named.isdecimal() or not 1 <= int(named) <= 1000:
        raise SettingRefused(
            f"{EXPORTS_AT_ONCE} is {named[:20]!r}. Write a whole number from 1 to 1000, or leave it out."
        )
    return int(named)


def store_folder(url: str) -> Path:
    """The folder of a store's URL, `ducklake:///PATH/TO/FOLDER`."""
    parts = urlsplit(url)
    if parts.scheme != "ducklake" or parts.netloc or not parts.path.strip("/"):
        raise StoreUnavailable(
            f"{DATABASE_URL} must name a folder as ducklake:///PATH/TO/FOLDER (an absolute path). "
            f"The value given is of the kind {parts.scheme or 'none'!r}."
        )
    path = unquote(parts.path)
    is_drive = len(path) > 2 and path[0] == "/" and path[2] == ":"  # /C:/folder
    return Path(path[1:] if is_drive else path).resolve()

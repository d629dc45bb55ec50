"""Where things are, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from usage_core.errors import StoreUnavailable

DATABASE_URL = "USAGE_DATABASE_URL"
CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """The console's settings."""

    folder: Path
    """The store's folder."""


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment.

    Raises:
        StoreUnavailable: USAGE_DATABASE_URL names no store this program knows.
    """
    url = environment.get(DATABASE_URL, "")
    return Settings(store_folder(url) if url else CHECKOUT / "data")


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

"""Where files are written to: a folder, or an address that fsspec knows. A file appears there whole, or not
at all, whenever the process ends."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import urlsplit

from usage_core.errors import UsageError

PART = ".part"


class Place(Protocol):
    """A folder, wherever it is."""

    def names(self) -> set[str]:
        """The names of the files in it."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is none."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def writing(self, name: str) -> Any:
        """In a `with` block, a path to write to; what is there at its end then has the name."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        """Make it where it is not there yet."""
        self._path = path
        with _in_words(str(path)):
            path.mkdir(parents=True, exist_ok=True)

    def names(self) -> set[str]:
        """The names of the files in it."""
        with _in_words(str(self._path)):
            return {each.name for each in self._path.iterdir()}

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        path = self._path / name
        with _in_words(str(path)):
            return path.read_bytes() if path.exists() else None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with _in_words(str(self._path / name)):
            (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A path beside the file's own, which it gets at the end."""
        part = self._path / f".{name}{PART}"
        try:
            with _in_words(str(self._path / name)):
                yield part
                part.replace(self._path / name)
        finally:
            part.unlink(missing_ok=True)


class Address:
    """A folder of a storage that fsspec knows, as `s3://bucket/exports`."""

    def __init__(self, url: str, scratch: Path) -> None:
        """Files are made in `scratch` first."""
        import fsspec  # noqa: PLC0415 - half a second, and few need it

        self._said, self._scratch = _without_secret(url), scratch
        with _in_words(self._said, _secret(url)):
            self._system, self._path = fsspec.core.url_to_fs(url)
            self._system.makedirs(self._path, exist_ok=True)
        self._secret = _secret(url)

    def names(self) -> set[str]:
        """The names of the files in it."""
        with _in_words(self._said, self._secret):
            self._system.invalidate_cache()
            return {PurePosixPath(each).name for each in self._system.ls(self._path, detail=False)}

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with _in_words(self._said, self._secret):
            if self._system.exists(self._at(name)):
                self._system.rm_file(self._at(name))

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        path = self._at(name)
        with _in_words(self._said, self._secret):
            if not self._system.exists(path):
                return None
            found: bytes = self._system.cat_file(path)
            return found

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A path of this machine, whose file is uploaded at the end."""
        made = self._scratch / name
        try:
            yield made
            # Storages of objects show one when it is whole; of the others those that can do so, do it here.
            with _in_words(self._said, self._secret), self._system.transaction:
                target = self._system.open(self._at(name), "wb")
                with made.open("rb") as source, target:
                    shutil.copyfileobj(source, target, 1 << 22)
        finally:
            made.unlink(missing_ok=True)


def place(given: str, scratch: Path) -> Place:
    """The place of a path or of an address; for an address, files are made in `scratch` first."""
    return Address(given, scratch) if "://" in given else Folder(Path(given))


@contextmanager
def _in_words(said: str, secret: str = "") -> Iterator[None]:
    """Whatever a storage raises, without the user and the password of its address."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:  # each kind of storage raises its own
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        first = first.replace(f"{secret}@", "").replace(secret, "…") if secret else first
        reason = error.strerror if isinstance(error, OSError) and error.strerror else first
        raise UsageError(f"{said} cannot be used: {reason.rstrip('.')}.") from error


def _secret(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]


def _without_secret(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

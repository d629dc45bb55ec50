"""Backups: the whole store in one file, taken beside whoever uses it, and proved before it is taken back.

The catalog says which data files are the store, and no data file is ever changed; so a copy of the catalog
is the store of that moment, as long as the files it names are copied before upkeep removes what was
replaced, which it leaves alone for a day.
"""

import hashlib
import json
import sqlite3
import tarfile
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from usage_core.access.journal import FILE as JOURNAL
from usage_core.errors import BackupRefused
from usage_core.store.lake import CATALOG, Lake, open_lake
from usage_core.store.maintenance import Report
from usage_core.store.scratch import scratch
from usage_core.store.tables import CALLS, DAYS, IMPORTS

MANIFEST = "manifest.json"
DATA = "parquet"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What a store holds; a backup and the store it is taken back to have the same.

    Sums are None where no call has the value; `day_calls` is what the rollup of days adds up to.
    """

    calls: int
    cost_pico: int | None
    input_tokens: int | None
    output_tokens: int | None
    completion_time_ms: int | None
    day_calls: int | None
    imports: int


def facts(lake: Lake) -> Facts:
    """What a store holds, read in full."""
    c, sums = CALLS.c, sa.func.sum
    columns = (c.cost_pico, c.input_tokens, c.output_tokens, c.completion_time_ms)
    with lake.reading() as connection:
        calls = connection.execute(sa.select(sa.func.count(), *map(sums, columns)).select_from(CALLS)).one()
        days = connection.execute(sa.select(sums(DAYS.c.calls))).scalar_one()
        imports = connection.execute(sa.select(sa.func.count()).select_from(IMPORTS)).scalar_one()
    cost, sent, received, took, in_days = (
        None if value is None else int(value) for value in (*calls[1:], days)
    )
    return Facts(int(calls[0]), cost, sent, received, took, in_days, int(imports))


def write(lake: Lake, path: Path, report: Report = lambda _doing, _part: None) -> Facts:
    """Write a backup; the file appears when it is complete.

    Raises:
        BackupRefused: the file is there already, or cannot be written.
    """
    if path.exists():
        raise BackupRefused(f"{path} is there already. Name a new file.")
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with (
            scratch(lake.folder / "staging", "backup") as staging,
            tarfile.open(part, "w") as tar,
        ):
            held, files = _moment(lake, staging.path)
            sums = {}
            for number, (name, file) in enumerate(sorted(files.items())):
                report("Copying", number / len(files))
                sums[name] = _add(tar, name, file)
            manifest = {"format": FORMAT, "taken_at": _now(), "facts": asdict(held), "files": sums}
            text = staging.path / MANIFEST
            text.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            tar.add(text, MANIFEST)
        part.replace(path)
    except OSError as error:
        raise BackupRefused(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return held


def _moment(lake: Lake, staging: Path) -> tuple[Facts, dict[str, Path]]:
    """The store at one moment: what it holds, and its files by their names in the backup."""
    with lake.turn():
        files = {}
        for name in (CATALOG, JOURNAL):
            if (lake.folder / name).exists():
                _copy_database(lake.folder / name, staging / name)
                files[name] = staging / name
        for file in (lake.folder / DATA).rglob("*.parquet"):
            files[PurePosixPath(file.relative_to(lake.folder)).as_posix()] = file
        return facts(lake), files


def _copy_database(source: Path, target: Path) -> None:
    """A SQLite file as it is now, with what is still in its log."""
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


def _add(tar: tarfile.TarFile, name: str, file: Path) -> str:
    tar.add(file, name)
    return _sum(file)


def _sum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def restore(
    path: Path, folder: Path, *, replace: bool = False, report: Report = lambda _doing, _part: None
) -> Facts:
    """Make a backup the store in a folder, once it is proved: every file is there and is what was
    written, and the store they make up opens and holds what it held. Before, nothing is changed.

    With `replace`, a store that is there is put aside, in a folder beneath it.

    Raises:
        BackupRefused: the backup is not whole, or there is a store already.
    """
    if (folder / CATALOG).exists() and not replace:
        raise BackupRefused(f"There is a store in {folder}. Add --replace to put it aside, and restore.")
    fresh = folder / f".restoring-{uuid.uuid4().hex}"
    fresh.mkdir(parents=True)
    try:
        held = _proved(path, fresh, report)
        if (folder / CATALOG).exists():
            aside = folder / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            _move(folder, aside, lambda name: not name.startswith((".restoring-", "replaced-")))
        _move(fresh, folder, lambda _name: True)
    finally:
        _remove(fresh)
    return held


def _proved(path: Path, fresh: Path, report: Report) -> Facts:
    report("Unpacking", None)
    try:
        with tarfile.open(path, "r:") as tar:
            tar.extractall(fresh, filter="data")
        manifest = json.loads((fresh / MANIFEST).read_text(encoding="utf-8"))
        (fresh / MANIFEST).unlink()
        if manifest["format"] != FORMAT:
            raise BackupRefused(f"{path} was written by a newer version of the console. Update it first.")
        sums, held = dict(manifest["files"]), Facts(**manifest["facts"])
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{path} is no whole backup: {error}. Nothing was changed.") from error
    _check_files(path, fresh, sums, report)
    report("Reading the store", None)
    lake = open_lake(fresh)
    try:
        found = facts(lake)
    finally:
        lake.close()
    if found != held:
        raise BackupRefused(f"{path} holds {found}, but {held} was written. Nothing was changed.")
    return held


def _check_files(path: Path, fresh: Path, sums: dict[str, str], report: Report) -> None:
    present = {file.relative_to(fresh).as_posix(): file for file in fresh.rglob("*") if file.is_file()}
    if set(present) != set(sums):
        amiss = sorted(set(present) ^ set(sums))
        raise BackupRefused(f"{path} is no whole backup: {amiss[0]} is amiss. Nothing was changed.")
    for number, (name, expected) in enumerate(sums.items()):
        report("Checking", number / len(sums))
        if _sum(present[name]) != expected:
            raise BackupRefused(f"{path} is damaged: {name} is not what was written. Nothing was changed.")


def _move(source: Path, target: Path, is_meant: Callable[[str], bool]) -> None:
    target.mkdir(exist_ok=True)
    for child in [child for child in source.iterdir() if is_meant(child.name)]:
        child.replace(target / child.name)


def _remove(folder: Path) -> None:
    for child in sorted(folder.rglob("*"), reverse=True):
        if child.is_dir() and not child.is_symlink():
            child.rmdir()
        else:
            child.unlink()
    folder.rmdir()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

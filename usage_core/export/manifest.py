"""The manifest beside an export: what the file must hold, so that anyone can prove that it is whole."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from usage_core.errors import UsageError
from usage_core.export.formats import FORMATS, File
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.prices.catalogue import catalogue_version
from usage_core.schema import BY_NAME
from usage_core.selection import Selection
from usage_core.store.lake import Lake
from usage_core.wording import plain_decimal

SUFFIX = ".manifest.json"
_SUMS = ("calls", "input_tokens", "output_tokens", "cost_usd", "unpriced_calls")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds. Sums leave out what is unknown; `cost_usd` is a decimal with all its digits."""

    file: str
    format: str
    compression: str | None
    selection: dict[str, list[str]]
    rows: int
    input_tokens: int
    output_tokens: int
    cost_usd: str
    unpriced_calls: int
    file_bytes: int
    sha256: str
    duckdb: str
    prices: str

    def written(self) -> bytes:
        """As JSON, for people and programs."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False).encode() + b"\n"


def beside(path: Path) -> Path:
    """Where the manifest of a file is: `calls.csv.manifest.json`."""
    return path.with_name(path.name + SUFFIX)


def by_name(selection: Selection) -> dict[str, list[str]]:
    """A selection as a manifest tells it."""
    params = selection.params()
    return {name: [value for key, value in params if key == name] for name, _ in params}


class Written(NamedTuple):
    """A file that was just written: its name, the rows in it, its bytes and their SHA-256."""

    name: str
    rows: int
    size: int
    sha256: str


def written(path: Path, rows: int, name: str = "") -> Written:
    """What was written to a path, and is to have this name."""
    return Written(name or path.name, rows, path.stat().st_size, _sha256(path))


def manifest(lake: Lake, selection: Selection, kind: File, file: Written) -> Manifest:
    """The manifest of a file; the sums are the store's.

    Raises:
        UsageError: the store holds other calls of the selection by now.
    """
    with lake.reading() as connection:
        known = coverage(connection)
        [found] = ask(connection, Question(selection, _SUMS), known).to_dict("records")
    sums: dict[str, Any] = {name: found[name] for name in _SUMS}
    if sums["calls"] != file.rows:
        raise UsageError(f"Calls came or went while {file.name} was written. Export it again.")
    return Manifest(
        file=file.name,
        format=kind.format.name,
        compression=kind.codec,
        selection=by_name(selection),
        rows=file.rows,
        input_tokens=sums["input_tokens"] or 0,
        output_tokens=sums["output_tokens"] or 0,
        cost_usd=plain_decimal(sums["cost_usd"] or Decimal(0)),
        unpriced_calls=sums["unpriced_calls"],
        file_bytes=file.size,
        sha256=file.sha256,
        duckdb=duckdb.__version__,
        prices=catalogue_version(),
    )


def read(path: Path) -> Manifest:
    """A manifest as it was written.

    Raises:
        UsageError: there is none, or it is none.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return parsed(raw, path.name)


def parsed(raw: bytes, name: str) -> Manifest:
    """A manifest from its bytes.

    Raises:
        UsageError: they are none.
    """
    try:
        given = json.loads(raw)
        return Manifest(**{each.name: given[each.name] for each in fields(Manifest)})
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{name} is not the manifest of an export.") from error


def differences(path: Path, told: Manifest) -> list[str]:
    """What is otherwise in a file than its manifest tells, in words; nothing where it is whole.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        size, digest = path.stat().st_size, _sha256(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    said = (
        [] if digest == told.sha256 else [f"Its bytes are others: {size:,} of them, not {told.file_bytes:,}."]
    )
    if told.format not in FORMATS:
        return [*said, f"Its format {told.format!r} is not known here."]
    try:
        found = _sums(path, told)
    except duckdb.Error:
        return [*said, f"It cannot be read as {FORMATS[told.format].label}."]
    for name, value in found.items():
        expected = getattr(told, name)
        if Decimal(value) != Decimal(expected):
            said.append(f"{name.replace('_', ' ').capitalize()}: {value}, not {expected}.")
    return said


def _sums(path: Path, told: Manifest) -> dict[str, str]:
    """Rows and sums of a file, read anew."""
    form = FORMATS[told.format]
    is_csv = form.suffix == ".csv"
    asked = {"input_tokens": "input_tokens", "output_tokens": "output_tokens"}
    if len(form.columns) == len(BY_NAME):
        asked["cost_usd"] = "cost_pico"
    with duckdb.connect() as connection:
        codec: Any = told.compression
        if is_csv:
            rows = connection.read_csv(str(path), all_varchar=True, header=True, compression=codec or "auto")
        elif form.is_text:
            rows = connection.read_json(
                str(path),
                format="newline_delimited",
                columns=dict.fromkeys(asked, "VARCHAR"),
                compression=codec or "auto_detect",
            )
        else:
            rows = connection.read_parquet(str(path))
        labels = {name: BY_NAME[column].label if is_csv else name for name, column in asked.items()}
        sums = [f'coalesce(sum("{label}"::DECIMAL(38, 12)), 0)' for label in labels.values()]
        one = rows.aggregate(", ".join(["count(*)", *sums])).fetchone() or ()
    return dict(zip(("rows", *asked), map(str, one), strict=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

"""A first look at a file of any columns: some of its rows, as a file of their own and as texts."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from usage_core.errors import UnreadableFile
from usage_core.importers.format import ITEMS
from usage_core.intake import columnar, documents, mapping_sql
from usage_core.intake.mapping import At
from usage_core.intake.source import beginning, is_json, records, separator
from usage_core.intake.unpacking import Part, unpacked
from usage_core.store.engine import literal

SAMPLE_ROWS = 500
SHOWN_ROWS = 50
DEEPEST = 3
MOST_PLACES = 300
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Look:
    """The beginning of a file: `sample` is it as bytes of the same layout, of at most SAMPLE_ROWS rows;
    `places` are the columns and what is in their objects; `rows` has texts by place, the first SHOWN_ROWS."""

    name: str
    sample: bytes
    places: tuple[At, ...]
    rows: tuple[Mapping[At, str], ...]

    def values(self, at: At) -> list[str]:
        """What the rows have at a place, as far as they have anything."""
        return [row[at] for row in self.rows if row.get(at, "").strip()]


def look(path: Path, name: str, folder: Path) -> Look:
    """Look at a file, or at the first one that is packed in it; `folder` is for what has to be unpacked.

    Raises:
        UnreadableFile: it cannot be read, or holds no rows.
    """
    for part in unpacked(Part(path, name), folder):
        if isinstance(part, UnreadableFile):
            raise part
        return _look(part.path, part.name)
    raise UnreadableFile(f"{name} holds no files.")


def _look(path: Path, name: str) -> Look:
    head = beginning(path, name)
    if head[:4] == b"PAR1":
        sample, rows = _of_parquet(path, name)
    elif is_json(head):
        sample, rows = _of_json(path, name, head)
    else:
        sample, rows = _of_csv(head, path.stat().st_size > len(head))
    if not rows:
        raise UnreadableFile(f"{name} holds no rows.")
    texts = tuple(dict(_texts((), row)) for row in rows[:SHOWN_ROWS])
    places = tuple(dict.fromkeys(at for row in texts for at in row))[:MOST_PLACES]
    return Look(name, sample, places, texts)


def _of_csv(head: bytes, cut: bool) -> tuple[bytes, list[dict[str, object]]]:
    text = head.decode("utf-8-sig", "replace")
    if cut:
        text = text[: text.rfind("\n") + 1]
    found = list(islice(records(text, separator(text)), SAMPLE_ROWS + 1)) or [[]]
    sample = "".join(islice(_lines(text), SAMPLE_ROWS + 1)).encode("utf-8", "replace")
    header, *rows = found
    return sample, [dict(zip(header, row, strict=False)) for row in rows]


def _lines(text: str) -> Iterator[str]:
    """The text of each record, over as many lines as it takes."""
    lines = text.splitlines(keepends=True)
    reader, taken = csv.reader(iter(lines), delimiter=separator(text)), 0
    try:
        for _ in reader:
            yield "".join(lines[taken : reader.line_num])
            taken = reader.line_num
    except csv.Error:
        return


def _of_json(path: Path, name: str, head: bytes) -> tuple[bytes, list[dict[str, object]]]:
    with documents.first_documents(path, name, documents.shape(head)) as connection:
        found = connection.execute(
            f"SELECT item::VARCHAR FROM (SELECT unnest({ITEMS}) AS item FROM docs WHERE doc IS NOT NULL) "
            f"WHERE json_type(item) = 'OBJECT' LIMIT {SAMPLE_ROWS}"
        ).fetchall()
    return "\n".join(text for (text,) in found).encode(), [_object(text) for (text,) in found[:SHOWN_ROWS]]


def _of_parquet(path: Path, name: str) -> tuple[bytes, list[dict[str, object]]]:
    sample = path.with_name("sample.parquet")
    columnar.header(path, name)
    try:
        with duckdb.connect() as connection:
            texts = [columnar.as_text(*each) for each in columnar.types(path).items()]
            rows = f"FROM read_parquet({literal(path)}) LIMIT"
            connection.execute(f"COPY ({rows} {SAMPLE_ROWS}) TO {literal(sample)} (FORMAT parquet)")
            found = connection.execute(f"SELECT {', '.join(texts)} {rows} {SHOWN_ROWS}").fetchall()
        names = list(columnar.types(path))
        return sample.read_bytes(), [dict(zip(names, row, strict=True)) for row in found]
    except duckdb.Error as error:
        raise columnar.unreadable(name, error) from None
    finally:
        sample.unlink(missing_ok=True)


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = found if isinstance(found, dict) else {}
    return {key: each for key, each in found.items() if mapping_sql.can_be_read((key,))}


def _texts(at: At, value: object) -> Iterator[tuple[At, str]]:
    """The texts within a row, by place, as far as they can be mapped; an object may be written as text."""
    if isinstance(value, str) and value.startswith("{"):
        value = _object(value) or value
    if isinstance(value, dict) and len(at) < DEEPEST:
        for key, each in value.items():
            if key.strip() and mapping_sql.can_be_read((*at, key)[1:]):
                yield from _texts((*at, key), each)
    elif at:
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
        yield at, text[:LONGEST_VALUE].encode("utf-8", "replace").decode()

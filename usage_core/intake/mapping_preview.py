"""What a mapping makes of the first rows of a file, before anything is imported."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usage_core.intake.checks import STAGED
from usage_core.intake.mapping import Mapping, as_format
from usage_core.intake.mapping_look import Look
from usage_core.intake.rows import STAGED_AS
from usage_core.intake.run import prepare
from usage_core.intake.source import open_source
from usage_core.intake.staging import staging
from usage_core.store.lake import Lake

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """Of the rows looked at: how many there are and are good, the first good ones by field, and how many are
    refused by field (empty where the line itself is) and reason, with the first line and value of each."""

    rows: int
    good: int
    calls: list[dict[str, Any]]
    refused: list[tuple[str, str, int, int, str]]


def preview(lake: Lake, look: Look, mapping: Mapping) -> Preview:
    """Read the rows looked at as an import does, and store nothing.

    Raises:
        MappingRefused, UnrecognisedFile, UnreadableFile: it would be refused as a whole.
    """
    known = as_format("of this file", mapping)
    names = [column.name for column in STAGED if column.name in known.fields]
    columns = ", ".join(f"{STAGED_AS.get(name, name)} AS {name}" for name in names)
    with staging(lake, lambda _doing, _part: None) as stage:
        path = Path(stage.folder) / "sample"
        path.write_bytes(look.sample)
        rows = prepare(stage, open_source(path, look.name, known))
        [[good]] = stage.run("SELECT count(*) FROM {s}.checked WHERE reason IS NULL")
        first = f"{{s}}.checked WHERE reason IS NULL ORDER BY row LIMIT {SHOWN}"
        calls = stage.run(f"SELECT {columns} FROM {first}")
        refused = stage.run(
            "SELECT coalesce(field, ''), reason, count(*) AS n, min(line), coalesce(arg_min(value, line), '')"
            " FROM {s}.rejected GROUP BY ALL ORDER BY n DESC, 4"
        )
    return Preview(rows, good, [dict(zip(names, call, strict=True)) for call in calls], refused)

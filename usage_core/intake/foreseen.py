"""Texts of few values, foreseen from a sample of a large CSV file: a row is then read into numbers for them.

To stage a row's texts takes as long as all that is checked of it, and a type of texts that are known to be
good is a check itself. A text that the sample does not have is staged as it is.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from usage_core.intake import columnar
from usage_core.intake.checks import GUARDED
from usage_core.intake.staging import Staging

WORTH_BYTES = 8 << 20
"""Below this a file is read sooner than the sample."""

PIECES, PIECE_BYTES = 64, 1 << 16
MOST_VALUES = 1_000
"""A field of which the sample has more is likely to have many others."""

_FIELDS = ("api_key_id", "api_key_name", "provider", "model")


def pieces(path: Path, into: Path) -> Path:
    """Write whole lines from all over a file, without its first, into another."""
    size = path.stat().st_size
    with path.open("rb") as file, into.open("wb") as sample:
        for number in range(PIECES):
            file.seek(number * size // PIECES)
            file.readline(PIECE_BYTES)
            lines = file.read(PIECE_BYTES)
            sample.write(lines[: lines.rfind(b"\n") + 1])
    return into


def types(stage: Staging, given: Collection[str], sample: str) -> dict[str, str]:
    """Types of the texts of some of the fields given, made in the scratch database from SQL for the checked
    rows of a sample; none where that cannot be read."""
    try:
        stage.run(f"CREATE OR REPLACE TABLE {{s}}.sample AS {sample}")
    except columnar.NOT_DAMAGE:
        raise
    except duckdb.Error:
        return {}
    found = {}
    for name in [field for field in _FIELDS if field in given]:
        # What is read as another text is none of the type's, or a row could have it as it is.
        good = f"{name} IS NOT NULL AND reason IS NULL AND NOT ({GUARDED.format(raw=name)})"
        texts = f"SELECT DISTINCT {name} FROM {{s}}.sample WHERE {good} LIMIT {MOST_VALUES + 1}"
        stage.run(f"CREATE OR REPLACE TABLE {{s}}.{name}_texts AS {texts}")
        [[count]] = stage.run(f"SELECT count(*) FROM {{s}}.{name}_texts")
        if 0 < count <= MOST_VALUES:
            stage.run(f"CREATE TYPE {{s}}.{name}_seen AS ENUM (FROM {{s}}.{name}_texts)")
            found[name] = f"{stage.name}.{name}_seen"
    return found


def without_others(stage: Staging, by: Mapping[str, str]) -> dict[str, str]:
    """The types of those fields of `loaded` that have no text which is not of their type."""
    if not by:
        return {}
    [others] = stage.run(f"SELECT {', '.join(f'count({name})' for name in by)} FROM {{s}}.loaded")
    return {name: kind for (name, kind), count in zip(by.items(), others, strict=True) if not count}

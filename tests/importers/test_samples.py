"""Every sample file is recognised by one format, and read as its golden file says.

`USAGE_WRITE_GOLDENS=1` writes the golden files anew; read the difference before you keep it.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from tests.importing import Shelf
from usage_core.export import set_aside
from usage_core.importers.format import Format, InputCount
from usage_core.importers.registry import formats
from usage_core.intake.source import open_source
from usage_core.intake.unpacking import Part, unpacked
from usage_core.store.tables import CALLS

SAMPLES = Path(__file__).parents[1] / "samples"
FILES = sorted(path for path in SAMPLES.iterdir() if path.is_file() and ".golden." not in path.name)
COUNTS = (
    "source",
    "rows_read",
    "rows_stored",
    "rows_duplicate",
    "rows_rejected",
    "rows_skipped",
    "skipped_reasons",
    "columns_dropped",
)


def golden(shelf: Shelf, path: Path) -> str:
    receipt = shelf.take_file(path)
    names = [column.name for column in CALLS.columns if column.name not in ("import_id", "replaced")]
    calls = [dict(zip(names, call, strict=True)) for call in shelf.stored(receipt, *names)]
    aside = [
        dict(zip(("line", "field", "value", "reason"), found, strict=True))
        for found in shelf.set_aside(receipt)
    ]
    counted = {name: value for name, value in asdict(receipt).items() if name in COUNTS}
    return json.dumps(
        counted | {"set_aside": aside, "calls": calls}, indent=1, ensure_ascii=False, default=str
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_reads_as_its_golden_file_says(shelf: Shelf, path: Path) -> None:
    found, expected = golden(shelf, path), path.with_suffix(".golden.json")
    if os.environ.get("USAGE_WRITE_GOLDENS"):
        expected.write_text(found + "\n", encoding="utf-8")
    assert json.loads(found) == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_of_one_format(path: Path, tmp_path: Path) -> None:
    for part in unpacked(Part(path, path.name), tmp_path):
        assert isinstance(part, Part)
        source = open_source(part.path, path.name)
    known = [each for each in formats() if each.recognises(source.header, source.layout)]
    assert known == [source.format]
    assert path.stem.startswith(source.format.name)


def test_every_format_has_a_sample() -> None:
    assert FILES
    calls = [known for known in formats() if not known.sums]
    assert {known.name for known in calls} == {path.stem.split("_")[0] for path in FILES}


def test_a_heading_is_found_under_each_of_its_names_once() -> None:
    known = Format("x", "X", {"a": ("A a", "a_a", "a  A"), "b": ("b",)}, frozenset({"a"}))
    assert known.positions([" a A", "B ", "a_a", "c"]) == {"a": [0, 2], "b": [1]}
    assert known.recognises(["A A"])
    assert not known.recognises(["b", "aa"])


def test_every_format_says_whether_its_input_tokens_count_cached_ones() -> None:
    told = {known.name: known.input_count for known in formats()}
    assert {name for name, how in told.items() if how is InputCount.NO_CACHED} == {
        "langdock",
        "openrouter_daily",
    }
    with pytest.raises(AssertionError, match="x has to say whether its input tokens count cached ones"):
        Format("x", "X", {"cache_read_tokens": ("c",)}, frozenset())
    with pytest.raises(AssertionError, match="x has to say"):
        Format("x", "X", {"a": ("a",)}, frozenset(), input_count=InputCount.WITH_CACHED)


@pytest.mark.parametrize(("how", "sent"), [(InputCount.WITH_CACHED, 100), (InputCount.WITHOUT_CACHED, 130)])
def test_cached_tokens_are_added_where_a_source_leaves_them_out(how: InputCount, sent: int) -> None:
    columns = {name: (name,) for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens")}
    sql = Format("x", "X", columns, frozenset(), input_count=how).mapped()["input_tokens"]
    row = "SELECT '100' AS input_tokens, '20' AS cache_read_tokens, '10' AS cache_write_tokens"
    assert duckdb.sql(row).project(f"({sql})::BIGINT").fetchone() == (sent,)


def test_a_row_set_aside_is_kept_without_prompts_and_people(shelf: Shelf) -> None:
    for name in ("bedrock_invocations.jsonl", "litellm_table.csv", "litellm_webhook.json"):
        receipt = shelf.take_file(SAMPLES / name)
        kept = b"".join(set_aside.csv_stream(shelf.lake, receipt.import_id)).decode()
        header = kept.splitlines()[0].split(",")
        assert receipt.rows_rejected
        assert not {"metadata", "input", "output", "identity", "messages", "user"} & set(header)
        assert {"model", "modelId"} & set(header)

"""What we export with all columns is read back as it was, and is known to be there already."""

from pathlib import Path

import pytest

from tests.importing import EVER, Shelf
from usage_core.export.formats import file
from usage_core.export.stream import file_stream
from usage_core.store.tables import CALLS

SAMPLES = Path(__file__).parents[1] / "samples"
KEPT = [column.name for column in CALLS.columns if column.name not in ("source", "import_id")]
KINDS = ("csv-detail", "jsonl", "parquet")


def exported(shelf: Shelf, kind: str) -> Path:
    path = shelf.folder / f"calls{file(kind).suffix}"
    path.write_bytes(b"".join(file_stream(shelf.lake, EVER, file(kind))))
    return path


@pytest.fixture(scope="module")
def files(module_shelf: Shelf) -> tuple[dict[str, Path], list[tuple]]:
    """Calls of several sources as files, and what was stored."""
    for name in ("own.csv", "langfuse_observations.csv", "otlp_collector.jsonl", "langdock_current.csv"):
        module_shelf.take_file(SAMPLES / name)
    return {kind: exported(module_shelf, kind) for kind in KINDS}, module_shelf.stored(None, *KEPT)


@pytest.mark.parametrize("kind", KINDS)
def test_export_then_import_is_the_identity(
    shelf: Shelf, files: tuple[dict[str, Path], list[tuple]], kind: str
) -> None:
    paths, before = files
    receipt = shelf.take_file(paths[kind])
    assert (receipt.source, receipt.rows_stored, receipt.rows_rejected) == ("own", len(before), 0)
    assert shelf.stored(None, *KEPT) == before
    others = [shelf.take_file(path) for other, path in paths.items() if other != kind]
    assert [each.rows_duplicate for each in others] == [len(before)] * 2

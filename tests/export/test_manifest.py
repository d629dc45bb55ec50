"""A manifest tells what its file holds, and shows whatever was done to the file since."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.importing import Shelf, as_csv, row
from usage_core import settings
from usage_core.cli import app
from usage_core.export.formats import CODECS, FORMATS
from usage_core.export.manifest import beside, differences, read

AUGUST = ("--from", "2026-08-01", "--to", "2026-09-01")
FILES = [
    f"calls-{each.name}{each.suffix}{packed}"
    for each in FORMATS.values()
    if not each.content
    for packed in ("", *(CODECS.values() if each.is_text else ()))
]


@pytest.fixture(scope="module")
def home(module_shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file with its manifest, of three calls: 500 and 1,200 tokens at 2.50 and 10, and one unpriced."""
    rows = [row(called_at=f"2026-08-0{day}T00:00:00Z") for day in (1, 2)]
    unknown = row(called_at="2026-08-03T00:00:00Z", model="nobody-s", input_price="", output_price="")
    module_shelf.take(as_csv([*rows, unknown]))
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        url = "ducklake" + module_shelf.lake.folder.as_uri().removeprefix("file")
        patch.setenv(settings.DATABASE_URL, url)
        for name in FILES:
            known = name.removeprefix("calls-").split(".")[0]
            codec = next((codec for codec, suffix in CODECS.items() if name.endswith(suffix)), "")
            which = ["--format", known, *(["--compress", codec] if codec else [])]
            done = CliRunner().invoke(
                app, ["export", *AUGUST, *which, "-o", str(folder / name), "--manifest"]
            )
            assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_its_manifest_tells(home: Path, name: str) -> None:
    told = read(beside(home / name))
    assert (told.rows, told.input_tokens, told.output_tokens, told.unpriced_calls) == (3, 1500, 3600, 1)
    assert told.cost_usd == "0.0265"
    assert (told.file, told.file_bytes) == (name, (home / name).stat().st_size)
    assert differences(home / name, told) == []


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith((".gz", ".zst", ".parquet"))])
def test_a_lost_line_and_a_changed_number_are_named(home: Path, name: str, tmp_path: Path) -> None:
    told, lines = read(beside(home / name)), (home / name).read_bytes().splitlines(keepends=True)
    short = tmp_path / name
    short.write_bytes(b"".join(lines[:-1]))
    said = differences(short, told)
    assert any(each.startswith("Rows: 2, not 3") for each in said)
    assert said[0].startswith("Its bytes are others")
    short.write_bytes(b"".join(lines).replace(b"500", b"501", 1))
    assert any(each.startswith("Input tokens: 1501") for each in differences(short, told))


def test_the_command_says_so(home: Path, tmp_path: Path) -> None:
    whole = CliRunner().invoke(app, ["verify", str(home / "calls-csv.csv")])
    assert (whole.exit_code, whole.output) == (0, "calls-csv.csv is whole: 3 calls, $0.0265.\n")
    manifest = json.loads(beside(home / "calls-csv.csv").read_bytes())
    (tmp_path / "calls.parquet").write_bytes(b"no such file")
    beside(tmp_path / "calls.parquet").write_text(json.dumps(manifest | {"format": "parquet"}))
    broken = CliRunner().invoke(app, ["verify", str(tmp_path / "calls.parquet")])
    assert broken.exit_code != 0
    assert "cannot be read as Parquet" in str(broken.exception)


@pytest.mark.parametrize("content", ["", "[]", "{}", "nonsense"])
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(Exception, match="is not the manifest of an export"):
        read(tmp_path / "m.json")


def test_a_manifest_needs_a_file() -> None:
    done = CliRunner().invoke(app, ["export", *AUGUST, "--manifest"])
    assert "Name one with -o" in str(done.exception)

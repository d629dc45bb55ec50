"""Logs as they are kept: packed, in folders, at addresses, piped in, still being written."""

import gzip
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import HEADER, Shelf, as_csv, row, with_store
from usage_core.errors import UsageError
from usage_core.intake import finding, several, unpacking, whole_lines
from usage_core.intake.receipt import Receipt

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DAY = "2026-08-{day:02}T10:00:00Z"


def log(*days: int) -> bytes:
    return (HEADER + as_csv((row(called_at=DAY.format(day=day)) for day in days), "\n")).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in files.items():
            archive.writestr(name, held)
    return raw.getvalue()


class Found(NamedTuple):
    name: str
    stored: int | str
    """Rows stored, or why there are none."""
    note: str = ""


Take = Callable[..., list[Found]]


@pytest.fixture
def take(shelf: Shelf, tmp_path: Path) -> Take:
    """Import bytes under a name, or what an address names."""
    shelf.dirty = True

    def take(name: str, raw: bytes | None = None) -> list[Found]:
        given = name
        if raw is not None:
            (tmp_path / name).write_bytes(raw)
            given = str(tmp_path / name)
        found = []
        for each in several.import_given(shelf.lake, given):
            if isinstance(each.result, Receipt):
                assert each.result.file_name == each.name
                found.append(Found(each.name, each.result.rows_stored, each.note))
            else:
                found.append(Found(each.name, str(each.result), each.note))
        assert not list((shelf.lake.folder / "staging").glob("given*")), "nothing is left behind"
        return found

    return take


def test_packed_files(take: Take) -> None:
    two = zstd.compress(log(1)[:40]) + zstd.compress(log(1)[40:])
    assert take("a.csv.zst", two) == [("a.csv.zst", 1, "")]
    assert take("named-otherwise.csv", gzip.compress(log(1, 2))) == [("named-otherwise.csv", 1, "")]
    held = zipped(
        {
            "b.csv": log(3, 4),
            "sub/a.csv": log(4),
            "__MACOSX/b.csv": b"x",
            ".hidden": b"x",
            "c.gz": b"",
        }
    )
    inner = zipped({"deep.csv.gz": gzip.compress(log(5)), "other.txt": b"hello\n"})
    assert take("logs.zip", held) == [
        ("logs.zip/b.csv", 2, ""),
        ("logs.zip/c.gz", "logs.zip/c.gz is empty, so nothing was imported.", ""),
        ("logs.zip/sub/a.csv", 0, ""),
    ]
    assert take("deep.zip", inner)[0] == ("deep.zip/deep.csv.gz", 1, "")


def test_what_cannot_be_unpacked_is_refused_in_words(take: Take) -> None:
    def why(name: str, raw: bytes) -> str:
        [(found, said, _note)] = take(name, raw)
        assert found in (name, f"{name}/a.csv")
        return str(said)

    packed = gzip.compress(log(1, 2))
    assert "a.csv.gz is damaged" in why("a.csv.gz", packed[:-6] + bytes(6))
    assert "ends before its first line" in why("a.csv.gz", packed[:20])
    assert "a.zip is damaged" in why("a.zip", zipped({"a.csv": log(1)})[:-30])
    assert "is an Office document" in why("a.xlsx", zipped({"[Content_Types].xml": b""}))
    assert "a.pdf is a PDF, so nothing was imported" in why("a.pdf", b"%PDF-1.7\n1 0 obj")
    assert "a.xls is an old Office document" in why("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    thrice = gzip.compress(gzip.compress(gzip.compress(log(1))))
    assert "an archive inside an archive" in why("a.gz", thrice)
    secret = bytearray(zipped({"a.csv": log(1)}))
    secret[6] |= 1
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    assert "a.zip/a.csv is encrypted" in why("a.zip", bytes(secret))


def test_a_bomb_is_refused(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "SMALL", 10_000)
    body = log(1) + b"\n" * 3_000_000
    for name, raw in (
        ("a.gz", gzip.compress(body)),
        ("a.zst", zstd.compress(body)),
        ("a.zip", zipped({"a.csv": body})),
    ):
        [(_, said, _note)] = take(name, raw)
        assert f"{name} unpacks to more than 200 times its size" in str(said)
    monkeypatch.setattr(unpacking, "MOST_FILES", 2)
    found = take("many.zip", zipped({"a.csv": log(1), "b.csv": log(2), "c.csv": log(3)}))
    assert [each.stored for each in found][:2] == [1, 1]
    assert "many.zip holds more than 2 files" in str(found[2].stored)


def test_a_folder(take: Take, tmp_path: Path) -> None:
    home = tmp_path / "logs"
    (home / "sub" / ".git").mkdir(parents=True)
    (home / "b.csv").write_bytes(log(1))
    (home / "sub" / "a.csv.gz").write_bytes(gzip.compress(log(2)))
    (home / "sub" / ".git" / "c.csv").write_bytes(log(3))
    assert take(str(home)) == [("logs/b.csv", 1, ""), ("logs/sub/a.csv.gz", 1, "")]
    (tmp_path / "empty").mkdir()
    [(_, said, _note)] = take(str(tmp_path / "empty"))
    assert "empty holds no files." in str(said)


def test_standard_input(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        finding, "sys", SimpleNamespace(stdin=SimpleNamespace(buffer=io.BytesIO(gzip.compress(log(1)))))
    )
    assert take("-") == [("standard input", 1, "")]


def test_addresses(take: Take) -> None:
    with fsspec.open("memory://logs/a.csv", "wb") as file:
        file.write(log(1))
    with fsspec.open("memory://logs/b.csv.gz", "wb") as file:
        file.write(gzip.compress(log(2)))
    assert take("memory://logs/a.csv") == [("a.csv", 1, "")]
    assert take("memory://logs/*.gz") == [("b.csv.gz", 1, "")]
    assert [each.stored for each in take("memory://logs")] == [0, 0]
    [(_, said, _note)] = take("memory://user:secret@logs/none.csv")
    assert "memory://logs/none.csv" in str(said)
    assert "secret" not in str(said)
    [(_, said, _note)] = take("nosuch://x")
    assert "nosuch://x cannot be read: Protocol not known" in str(said)


def test_a_file_that_is_not_there(take: Take, tmp_path: Path) -> None:
    [(_, said, _note)] = take(str(tmp_path / "none.csv"))
    assert str(said) == "none.csv cannot be read: No such file or directory."


@settings(with_store, max_examples=4)
@given(st.integers(0, len(log(1, 2, 3))))
def test_a_file_still_being_written(shelf: Shelf, tmp_path: Path, end: int) -> None:
    """What is there up to the last whole line is stored, and later only what is new."""
    shelf.clear()
    shelf.dirty = True
    path, whole = tmp_path / "growing.csv", log(1, 2, 3)
    rows = max(0, whole[:end].count(b"\n") - 1)
    with path.open("wb") as writer:
        writer.write(whole[:end])
        writer.flush()
        [outcome] = several.import_given(shelf.lake, str(path))
        if isinstance(outcome.result, UsageError):
            assert end < len(HEADER)
        else:
            assert outcome.result.rows_read == outcome.result.rows_stored == rows
            assert (outcome.note != "") == (whole[end - 1 : end] != b"\n")
        writer.write(whole[end:])
    [outcome] = several.import_given(shelf.lake, str(path))
    assert isinstance(outcome.result, Receipt)
    assert (outcome.result.rows_stored, outcome.result.rows_duplicate, outcome.note) == (3 - rows, rows, "")


def test_a_packed_file_still_being_written(take: Take) -> None:
    """gzip ends every flush where its reader can go on."""
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb") as writer:
        writer.write(log(1, 2)[:-5])
        writer.flush()
        assert take("a.csv.gz", raw.getvalue()) == [("a.csv.gz", 1, several.NOT_WHOLE)]
        writer.write(log(1, 2)[-5:])
    assert take("a.csv.gz", raw.getvalue()) == [("a.csv.gz", 1, "")]


@pytest.mark.parametrize("known", [False, None])
def test_a_last_line_without_an_end_is_a_row(
    take: Take, monkeypatch: pytest.MonkeyPatch, known: bool | None
) -> None:
    """Unless the file is being written to; where nobody can say, unless it was changed just now."""
    monkeypatch.setattr(finding, "is_open_for_writing", lambda _path: known)
    whole = log(1, 2).removesuffix(b"\n")
    found = take("a.csv", whole)
    assert found == [("a.csv", 2, "")] if known is False else [("a.csv", 1, several.NOT_WHOLE)]
    monkeypatch.setattr(finding, "RECENT_SECONDS", -1)
    assert take("a.csv", whole)[0].note == ""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b'[\n {"a": 1},', False),
        (b'{\n "a": 1,', False),
        (b'{"a": 1}\n{"a', True),
        (b"a,b\n1,", True),
        (b"PAR1\n", False),
    ],
)
def test_what_is_made_of_lines(tmp_path: Path, text: bytes, lines: bool) -> None:
    (tmp_path / "x").write_bytes(text)
    assert whole_lines.has_lines(tmp_path / "x") is lines


@given(st.binary(max_size=60), st.integers(1, 9))
def test_the_end_of_the_last_line(tmp_path_factory: pytest.TempPathFactory, raw: bytes, chunk: int) -> None:
    path = tmp_path_factory.getbasetemp() / "ends"
    path.write_bytes(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole_lines, "CHUNK_BYTES", chunk)
        assert whole_lines.end_of_last_line(path) == raw.rfind(b"\n") + 1

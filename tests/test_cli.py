"""The command line, run as `python -m usage_core` runs it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from filelock import FileLock
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core import __version__, cli
from usage_core.access.journal import Journal
from usage_core.api.calls import CALLS_PATH
from usage_core.api.endpoint import Console
from usage_core.api.routes import routes
from usage_core.api.sums import SUMS_PATH
from usage_core.cli import opening, running
from usage_core.export import csv_lines
from usage_core.settings import CHECKOUT, DATABASE_URL
from usage_core.store.settings import CALLS_SINCE
from usage_core.store.tables import WORKSPACE
from usage_core.workspace import Shown


class Ran(NamedTuple):
    code: int
    out: bytes
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(
    module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    monkeypatch.setenv(DATABASE_URL, "ducklake://" + quote(str(module_shelf.lake.folder)))
    monkeypatch.setenv("COLUMNS", "200")
    module_shelf.dirty = True
    # Opening a store takes half a second.
    monkeypatch.setattr(
        opening, "open_lake", lambda folder: {module_shelf.lake.folder: module_shelf.lake}[folder]
    )
    monkeypatch.setattr(module_shelf.lake, "close", lambda: None)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["usage_core", *arguments])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as exit:
            cli.main()
        written = capfdbinary.readouterr()
        return Ran(int(exit.value.code or 0), written.out, written.err.decode())

    return run


AUGUST = ("--from", "2026-08-01", "--to", "2026-09-01")


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    module_shelf.rows(
        {"api_key_id": "a", "api_key_name": "web"},
        {
            "api_key_id": "b",
            "api_key_name": "jobs",
            "model": "unpriced",
            "input_price": "",
            "output_price": "",
        },
    )
    return module_shelf


def test_the_version_is_said(run: Run) -> None:
    assert run("--version") == Ran(0, f"{__version__}\n".encode(), "")
    assert f"\n## {__version__}" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_export_is_the_same_bytes_as_over_http(run: Run, filled: Shelf, tmp_path: Path) -> None:
    client = TestClient(Starlette(routes=routes(Console(lambda: Shown(filled.lake, is_sample=False)))))
    params = {"from": "2026-08-01", "to": "2026-09-01", "tz": "Europe/Berlin"}
    answer = client.get(CALLS_PATH, params=params).content
    assert answer.count(b"\n") == 3
    assert run("export", *AUGUST, "--tz", "Europe/Berlin", "-o", "-") == Ran(0, answer, "")
    path = tmp_path / "out.csv"
    assert run("export", *AUGUST, "--tz", "Europe/Berlin", "-o", str(path)) == Ran(0, b"", "")
    assert path.read_bytes() == answer
    some = run(
        "export", *AUGUST, "--key", "web", "--model", "GPT-4o", "--provider", "openai", "--kind", "completion"
    )
    assert some.out.count(b"\n") == 2


def test_sums_are_the_same_bytes_as_over_http(run: Run, filled: Shelf) -> None:
    client = TestClient(Starlette(routes=routes(Console(lambda: Shown(filled.lake, is_sample=False)))))
    params = {"from": "2026-08-01", "to": "2026-09-01", "by": "key-model", "per": "month", "format": "jsonl"}
    answer = client.get(SUMS_PATH, params=params).content
    assert answer.count(b"\n") == 2
    asked = ("export", *AUGUST, "--by", "key-model", "--per", "month", "--format", "jsonl")
    assert run(*asked) == Ran(0, answer, "")
    assert "Say what the sums are of" in run("export", *AUGUST, "--per", "day").err
    assert "'user' is not what sums" in run("export", *AUGUST, "--by", "user").err
    assert "tells of calls" in run("export", *AUGUST, "--by", "key", "-o", "x.csv", "--manifest").err


def test_a_failed_export_leaves_no_file(
    run: Run, filled: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("before")

    def failing(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(csv_lines, "pieces", failing)
    with pytest.raises(ZeroDivisionError):
        run("export", *AUGUST, "-o", str(tmp_path / "new.csv"))
    with pytest.raises(ZeroDivisionError):
        run("export", *AUGUST, "-o", str(kept))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["kept.csv"]
    assert kept.read_text() == "before"


def test_summary(run: Run, filled: Shelf) -> None:
    whole = json.loads(run("summary", *AUGUST, "--json").out)
    assert whole == {
        "calls": 2,
        "input_tokens": 1000,
        "output_tokens": 2400,
        "cost_usd": "0.01325",
        "unpriced_calls": 1,
        "p50_ms": 3821,
        "p95_ms": 3821,
        "active_keys": 2,
    }
    by_model = json.loads(run("summary", *AUGUST, "--by", "model", "--json").out)
    assert {found["model"]: found["cost_usd"] for found in by_model} == {
        "gpt-4o": "0.01325",
        "unpriced": None,
    }
    table = run("summary", *AUGUST, "--by", "key").out.decode()
    assert "web" in table
    assert "0.01325" in run("summary", *AUGUST).out.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export",), "Say which timeframe"),
        (("export", "--from", "2026-08-01", "--to", "soon"), "'soon' is not a date"),
        (("export", *AUGUST, "--tz", "Mars"), "'Mars' is not a time zone"),
        (("export", *AUGUST, "--key", "nobody"), "No API key has the id or name 'nobody'"),
        (("export", *AUGUST, "--kind", "chat"), "'chat' is not a call kind"),
        (("summary", *AUGUST, "--by", "colour"), "'colour' is not a breakdown"),
        (("rejected", "nothing"), "There is no import 'nothing'"),
        (("sample", "--calls", "-1"), ""),
        (("sync", "litellm", "--from-database", "secret="), "The database's address is not understood"),
    ],
)
def test_errors_are_one_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    found = run(*arguments)
    assert (found.code, found.out) == (1, b"")
    assert said in found.err
    assert "Traceback" not in found.err


def test_an_import_that_waits_for_another_says_so_without_a_terminal(
    run: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text(HEADER + as_csv([row(api_key_id="waited")]))
    other, acquire = FileLock(shelf.lake.folder / "writer.lock"), shelf.lake.lock.acquire

    def wait(**given: float) -> object:
        if not given:  # it waits for as long as it takes
            other.release()
        return acquire(**given)

    monkeypatch.setattr(shelf.lake.lock, "acquire", wait)
    other.acquire()
    found = run("import", str(tmp_path / "good.csv"))
    assert (found.code, found.err) == (0, "good.csv: Waiting for another import.\n")
    assert len(found.err.strip().splitlines()) == 1


def test_a_store_that_cannot_be_opened(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE_URL, "sqlite:///x")
    found = run("summary", *AUGUST)
    assert found.code == 1
    assert "must name a folder as ducklake:///" in found.err


def test_as_a_process_of_its_own() -> None:
    """What the sample writes is the log and nothing else."""
    command = [sys.executable, "-m", "usage_core", "sample", "--calls", "50", "--days", "3", "-o", "-"]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True)
    assert made.stdout.startswith(HEADER.encode())
    assert made.stdout.count(b"\n") == 51


def test_import(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(HEADER + as_csv([row(api_key_id="=1"), row(input_tokens="x")]))
    (tmp_path / "[red]odd.csv").write_text("a,b\n1,2\n")
    found = run(
        "import", str(tmp_path / "good.csv"), str(tmp_path / "[red]odd.csv"), str(tmp_path / "none.csv")
    )
    assert found.code == 1
    lines = found.out.decode().splitlines()
    assert (
        lines[0]
        == "good.csv (Langdock API usage CSV): 2 rows read = 1 stored + 0 already there + 1 set aside."
    )
    assert "line 3, Input Tokens: 'x'. It is not a whole number" in lines[1]
    assert "[red]odd.csv is not in a format the console knows" in found.err
    assert "none.csv cannot be read: No such file" in found.err
    assert "Traceback" not in found.err
    assert len(shelf.stored()) == 1

    import_id = lines[2].split()[-1]
    aside = run("rejected", import_id).out
    assert aside.startswith(b"Line,Field,Value,Reason,Date,")
    assert b'\n3,Input Tokens,x,"It is not' in aside
    assert run("import", str(tmp_path / "good.csv")).out.count(b"1 already there") == 1


def test_provider_totals(run: Run, shelf: Shelf) -> None:
    header = "period_start,period_end,org_id,api_key_id,requests,total_cost_usd\n"
    shelf.take("2026-08-03,2026-08-03,o,*k*,10,2.5\n", header)
    frame = ("provider-totals", "--from", "2026-08-01", "--to", "2026-09-01")
    [told] = json.loads(run(*frame, "--by", "day", "--json").out)
    assert (told["day"], told["fate"], told["calls"], told["cost_usd"]) == (
        "2026-08-03",
        "counted",
        10,
        "2.5",
    )
    assert told["input_tokens"] is None
    assert b"*k*" in run(*frame, "--by", "key").out
    assert "'week' is no breakdown of totals" in run(*frame, "--by", "week").err


def test_undo(run: Run, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "[b]log.csv").write_text(HEADER + as_csv([row(), row(api_key_id="k2"), row(model="")]))
    run("import", str(tmp_path / "[b]log.csv"))
    import_id = run("imports").out.decode().splitlines()[2].split()[0]
    asked = run("undo", import_id[:8])
    assert (asked.code, len(shelf.stored())) == (1, 2)
    told = asked.out.decode()
    assert "[b]log.csv, imported" in told
    assert "2 calls, $0.0265" in told
    assert "by 2 API keys: checkout (1), checkout (1)" in told
    assert "the list of 1 row set aside" in told
    assert "Add --yes" in asked.err
    assert run("undo", import_id, "--yes").code == 0
    assert shelf.stored() == []
    assert run("undo", import_id, "--yes").err.startswith("The import of [b]log.csv was undone already")
    run("import", str(tmp_path / "[b]log.csv"))
    assert len(shelf.stored()) == 2


def test_calls_are_deleted_when_that_was_said_and_asked(run: Run, module_shelf: Shelf) -> None:
    module_shelf.clear()
    module_shelf.rows({"api_key_id": "a"}, {"api_key_id": "b"})
    refused = run("delete-calls", "--key", "a")
    assert (refused.code, refused.out.startswith(b"1 call from ")) == (1, True)
    assert "Add --yes" in refused.err
    assert run("delete-calls", "--key", "a", "--yes").code == 0
    assert run("delete-calls", "--key", "a", "--yes").out == b"There are no such calls.\n"
    assert run("delete-calls").code == 1
    left = run("export", "--from", "2026-01-01", "--to", "2027-01-01").out
    assert left.count(b"\n") == 2
    journal = Journal(module_shelf.lake.folder)
    events = [(each.event, each.who, each.what, each.rows) for each in journal.entries(2)]
    journal.close()
    assert events[1] == ("deleted", "command line", "calls of key a", 1)
    assert events[0][0] == "exported"


def test_retain_keeps_the_sums_of_what_it_deletes(run: Run, module_shelf: Shelf) -> None:
    module_shelf.clear()
    module_shelf.rows({"called_at": "2020-01-01T00:00:00Z"}, {"called_at": "2099-01-01T00:00:00Z"})
    try:
        asked = run("retain", "--months", "24")
        assert asked.code == 1
        assert b"1 call stay. Their sums by month, key and model are kept" in asked.out
        assert run("retain", "--months", "24", "--yes").code == 0
        assert len(module_shelf.stored()) == 1
        again = run("retain", "--months", "24", "--yes")
        assert (again.code, again.out) == (0, b"There are no such calls.\n")
    finally:
        with module_shelf.lake.writing() as connection:
            connection.execute(sa.delete(WORKSPACE).where(WORKSPACE.c.name == CALLS_SINCE))


@pytest.mark.parametrize("how", ["Ctrl-C", "a stop", "a stop while the store is asked"])
def test_a_command_that_is_stopped_says_so_without_a_trace(
    how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(**_names: str) -> None:
        if how.endswith("asked"):
            raise RuntimeError("Query interrupted")
        signal.raise_signal(signal.SIGINT if how == "Ctrl-C" else signal.SIGTERM)

    monkeypatch.setattr(running, "app", stopped)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Stopped. What was begun is undone.\n"

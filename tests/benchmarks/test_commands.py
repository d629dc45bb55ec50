"""The benchmarks start, and say what is missing; what they measure is not run here."""

import importlib
import sys
from pathlib import Path

import pytest

from benchmarks import peers, postgres


@pytest.mark.parametrize("name", ["export", "footprint", "ingest", "peers", "refresh", "rerun"])
def test_every_command_has_help(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [f"benchmarks.{name}", "--help"])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{name}").main()
    assert not ended.value.code
    told = capsys.readouterr().out
    assert "--calls" in told
    assert "--json" in told


def test_a_missing_server_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", str(tmp_path))
    with pytest.raises(SystemExit, match="apt install postgresql"):
        postgres.binaries()


def test_the_newest_server_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9.6", "15", "8.4"):
        for name in ("initdb", "postgres", "psql"):
            program = tmp_path / version / "bin" / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", str(tmp_path))
    assert postgres.binaries() == tmp_path / "15" / "bin"


def test_answers_that_do_not_agree_are_no_comparison() -> None:
    def found(**costs: str) -> dict[str, object]:
        return {who: {"days": {30: {"calls": 2, "cost_usd": cost}}} for who, cost in costs.items()}

    peers.agreed(30, found(PostgreSQL="1.5", pandas="1.5000000001", console="1.5"))
    with pytest.raises(AssertionError, match="not the same cost"):
        peers.agreed(30, found(PostgreSQL="1.5000001", pandas="1.5", console="1.5"))

"""The README says what the code does."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from usage_core.cli import app
from usage_core.reference import TABLES, rewritten

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_tables_are_made_from_the_code() -> None:
    for text in (README, API):
        assert rewritten(text) == text, "run `make format`"
    assert set(re.findall(r"<!-- table: (\w+) -->", README + API)) == set(TABLES)


def test_reference_starts_within_two_screens() -> None:
    assert README.split("## Reference")[0].count("\n") <= 80


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_commands_have_the_options_shown() -> None:
    shown = re.findall(r"^\.venv/bin/python -m usage_core (.+)$", README, flags=re.MULTILINE)
    assert len(shown) >= 4
    for line in shown:
        name, *words = shlex.split(line)
        told = CliRunner(env={"COLUMNS": "200"}).invoke(app, [name, "--help"])
        assert told.exit_code == 0, name
        for option in (word for word in words if word.startswith("-")):
            assert option in told.output, f"{name} {option}"


def test_make_goals_exist() -> None:
    goals = (ROOT / "Makefile").read_text(encoding="utf-8")
    for goal in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{goal}:", goals, flags=re.MULTILINE), goal

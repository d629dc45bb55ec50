"""What holds for the code base as a whole, and what no linter checks."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_FUNCTION_LINES = 45
MAX_MODULE_LINES = 300
CODE = ("app.py", "pages", "usage_core", "benchmarks")

# Written in parts, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~$*-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w")
INDEX_HOST = re.compile(r"\b(?:" + "|".join(("pypi", "pythonhosted", "npmjs")) + r")\.(?:org|com)\b")

REQUIREMENT = re.compile(r"[\w.-]+(?:\[[\w,.-]+\])?(?P<range>.*)")
RANGE = re.compile(r"\s*(?:(?:~=|==)\s*\d[\w.]*|>=\s*\d[\w.]*\s*,\s*<\s*\d[\w.]*)(?:; [\w<>=!\" .]+)?")
UNRANGED = {
    "tzdata": "time-zone rules change with the law; the newest are right",
    "pandas-stubs": "its versions follow pandas, which has a range",
}


def _expect_none(offenders: Iterable[str]) -> None:
    named = "\n".join(offenders)
    assert not named, f"Found:\n{named}"


def _sources() -> Iterator[Path]:
    for name in CODE:
        path = ROOT / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()


def _shared_files() -> list[Path]:
    """What the repository holds or would hold: tracked, or new and not ignored."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # In a container the checkout often belongs to someone else, which git refuses by default.
    command = [git, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in _shared_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()}")
    return found


def test_no_page_lies_directly_in_pages() -> None:
    """Streamlit shows such a file to anonymous visitors until the frame has run once."""
    _expect_none(path.name for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")


def test_no_page_imports_a_page() -> None:
    """Pages share what lies in pages/parts and pages/server, so that one is deleted by deleting its file."""
    offenders = []
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "pages" and len(parts) > 1 and parts[1] not in ("parts", "server"):
                offenders.append(f"{path.relative_to(ROOT)} imports {name}")
    _expect_none(offenders)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[str]:
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


IMPORT_ALL = """
import importlib, pathlib, sys

def is_program(name):
    # Streamlit's own place; the command line's start; what only alembic runs.
    return name.startswith("usage_core.cached") or ".migrations." in name or name.endswith("__main__")

files = sorted(pathlib.Path("usage_core").rglob("*.py"))
names = [".".join(f.with_suffix("").parts).removesuffix(".__init__") for f in files]
for name in names:
    if not is_program(name):
        importlib.import_module(name)
        if "streamlit" in sys.modules:
            sys.exit(f"importing {name} loads streamlit")
print(len(names))
"""


def test_usage_core_loads_no_streamlit() -> None:
    """Without `cached`, in a fresh interpreter, so that nothing is loaded already."""
    command = [sys.executable, "-c", IMPORT_ALL]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout.split()[-1]) > 0


def test_no_path_of_a_machine_in_shared_files() -> None:
    """The checkout works wherever it lies."""
    _expect_none(_lines_with(MACHINE_PATH))


def test_no_package_index_in_shared_files() -> None:
    """Which index packages come from is the machine's setting."""
    _expect_none(_lines_with(INDEX_HOST))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_have_ranges(name: str) -> None:
    """An install next year gets what was tested, with its corrections."""
    lines = [line.split(" #")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    open_ended = [
        line
        for line in wanted
        if line not in UNRANGED
        and not ((match := REQUIREMENT.fullmatch(line)) and RANGE.fullmatch(match["range"]))
    ]
    assert wanted
    _expect_none(open_ended)


def _required() -> list[str]:
    """The packages that the console needs, as `requirements.txt` spells them."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [match.group() for line in lines if (match := re.match(r"[\w.-]+", line))]


def test_every_dependency_says_what_for() -> None:
    """`docs/dependencies.md` has a row for each package that the console needs, and for no other."""
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-zA-Z][\w.-]+) \| \w.+\. \| \w", table, re.MULTILINE)
    assert rows == _required()


NOT_IMPORTED = {
    "Authlib": "Streamlit imports it",
    "httpx": "Authlib imports it",
    "duckdb-extensions": "the extensions below are packages inside it, found by name",
    "duckdb-extension-ducklake": "DuckDB loads it",
    "duckdb-extension-sqlite-scanner": "DuckDB loads it",
    "tzdata": "Python's zoneinfo reads it",
    "uvloop": "uvicorn takes it where it finds it",
}
BROUGHT = {"anyio", "starlette", "uvicorn", "numpy", "protobuf"}
"""By a package that is required, and named with it in `docs/dependencies.md`."""


def test_what_is_imported_is_required_and_the_other_way_round() -> None:
    """No package is installed for nothing, and none is there only because another happens to need it."""
    imported = {
        name for path in _sources() if path.parts[len(ROOT.parts)] != "benchmarks" for name in _packages(path)
    }
    wanted = {_spelled(name) for name in _required()}
    assert imported == (wanted - {_spelled(name) for name in NOT_IMPORTED}) | BROUGHT
    named = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    _expect_none(name for name in BROUGHT if name not in named)


def _spelled(name: str) -> str:
    return name.lower().replace("_", "-")


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    return packages_distributions()


def _packages(path: Path) -> Iterator[str]:
    """The packages that a module imports from, as an index names them."""
    for name in _imports(path):
        top, *rest = name.split(".")
        found = {_spelled(each) for each in _distributions().get(top, ())}
        if len(found) > 1:  # a namespace that several fill: google, opentelemetry, backports
            found = {each for each in found if rest[0] in each}
        yield from found


def test_functions_are_short() -> None:
    """A function is read without scrolling."""
    _expect_none(_long_functions(_sources()))


def _long_functions(paths: Iterator[Path]) -> list[str]:
    offenders = []
    for path in paths:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    offenders.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    return offenders


def test_a_run_ends_when_its_page_is_drawn() -> None:
    """Not when Python has looked through all of its memory, which takes longer than the run."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["runner"]["postScriptGC"] is False


def test_modules_are_short() -> None:
    """A module is about one thing."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _sources()}
    offenders = [f"{p.relative_to(ROOT)}: {n} lines" for p, n in lengths.items() if n > MAX_MODULE_LINES]
    assert lengths
    _expect_none(offenders)

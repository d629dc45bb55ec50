"""One bar is over all steps of an import, and over all files of what was given; it only goes forward."""

import zipfile
from pathlib import Path

import pytest

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.intake import storing
from usage_core.intake.progress import STEPS, Stretch, over_steps
from usage_core.intake.several import import_given
from usage_core.store.lake import Lake


def log(day: int) -> str:
    return HEADER + as_csv(row(called_at=f"2026-08-{day:02}T{hour:02}:00:00Z") for hour in range(3))


def told(lake: Lake, given: Path) -> list[tuple[str, float]]:
    """What an import reports of itself."""
    said: list[tuple[str, float]] = []

    def report(doing: str, part: float | None) -> None:
        assert part is not None
        said.append((doing, part))

    for _ in import_given(lake, str(given), report=report):
        pass
    return said


def test_it_goes_forward_over_the_steps_of_a_file(
    own_shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "PORTION_ROWS", 1)
    for day in (1, 2):  # the second is compared with the first
        (tmp_path / "log.csv").write_text(log(day), encoding="utf-8")
        said = told(own_shelf.lake, tmp_path / "log.csv")
    parts = [part for _, part in said]
    assert parts == sorted(parts)
    assert list(dict(said)) == list(STEPS)
    stored = [part for doing, part in said if doing == "Storing"]
    assert len(set(stored)) == 1 + 2 * 3, "each portion of three takes it further, twice"


def test_it_goes_forward_over_the_files_of_an_archive(own_shelf: Shelf, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for day in (1, 2, 3, 4):
            archive.writestr(f"{day}.csv", log(day))
    said = told(own_shelf.lake, tmp_path / "logs.zip")
    parts = [part for _, part in said]
    assert parts == sorted(parts)
    for day in (1, 2, 3, 4):
        of_day = [part for doing, part in said if doing.startswith(f"{day}.csv: ")]
        assert of_day
        assert all((day - 1) / 4 <= part < day / 4 for part in of_day)


def test_a_step_that_is_done_again_or_is_none_takes_nothing_back() -> None:
    parts: list[float | None] = []
    step = over_steps(lambda _doing, part: parts.append(part), Stretch(0.5, 1.0))
    for doing, part in (("Reading", 1.0), ("Repairing", None), ("Reading", 0.2), ("Storing", None)):
        step(doing, part)
    assert parts == [0.725, 0.725, 0.725, 0.775]


def test_the_steps_are_all_of_the_way() -> None:
    ways = list(STEPS.values())
    assert [way.begin for way in ways] == [0.0, *(way.end for way in ways[:-1])]
    assert ways[-1].end == 1.0
    assert [Stretch(0.2, 0.6).of(number, 2) for number in range(2)] == [Stretch(0.2, 0.4), Stretch(0.4, 0.6)]

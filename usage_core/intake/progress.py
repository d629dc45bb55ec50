"""How far an import is: one figure over all its steps and files, which only grows."""

from dataclasses import dataclass

from usage_core.store.maintenance import Report


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of the way of all that was given, that of one piece of it."""

    begin: float = 0.0
    end: float = 1.0

    def at(self, part: float) -> float:
        """Where one is when this part of the piece is done."""
        return self.begin + part * (self.end - self.begin)

    def of(self, number: int, count: int) -> "Stretch":
        """The stretch of one of so many pieces of this piece; the first is number 0."""
        return Stretch(self.at(number / count), self.at((number + 1) / count))


WHOLE = Stretch()

STEPS = {"Reading": Stretch(0.0, 0.45), "Comparing": Stretch(0.45, 0.55), "Storing": Stretch(0.55, 1.0)}
"""By what is reported, about how long each takes; any other step comes before what is left of these."""


def over_steps(report: Report, way: Stretch = WHOLE) -> Report:
    """A report for each step of one file, told on as the way of the file, which lies on a longer one."""
    furthest = 0.0

    def step(doing: str, part: float | None) -> None:
        nonlocal furthest
        if doing in STEPS:
            furthest = max(furthest, STEPS[doing].at(part or 0.0))
        report(doing, way.at(furthest))

    return step

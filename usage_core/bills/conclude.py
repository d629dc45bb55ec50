"""Whether a provider's month is right, within what is let pass, and the words for it."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from usage_core import wording
from usage_core.bills.explain import Explained
from usage_core.bills.gather import Names, Period
from usage_core.bills.parts import ADDED_PARTS, BESIDE
from usage_core.bills.tolerance import Tolerance
from usage_core.metrics.cost_steps import shared_out

TINY = Decimal("0.0001")
"""Less than this is written without a sign."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A provider's month with all that was found of it; `explained` is None where a rate is missing."""

    period: Period
    names: Names
    tolerance: Tolerance
    explained: Explained | None

    @property
    def is_right(self) -> bool:
        """Whether the bill can be paid: it could be compared, and what is held against it is let pass."""
        found = self.explained
        if found is None or not self.period.has_usage or not found.calls:
            return False
        return self.tolerance.allows(found.judged, found.computed)


def verdict(found: Reconciled, *, decided: bool = False) -> str:
    """One sentence: whether to pay, unless that is decided, and why (plain text)."""
    explained = found.explained
    if explained is None:
        currencies = wording.joined(found.period.without_rate)
        return f"The bill is in {currencies}. Enter what it is worth in USD to compare it."
    judged = explained.judged
    if not found.period.has_usage:
        charged = wording.joined([str(part) for part in explained.parts if part in ADDED_PARTS])
        return f"Only {charged} are billed so far: add the bill that charges the usage of this period."
    if not explained.calls:
        return f"The log has no calls of {found.period.provider} in this period, so nothing can be compared."
    if judged == 0:
        return "The bill is right: usage is billed exactly as it is computed from the log."
    way = "more" if judged > 0 else "less"
    amount = f"{cents(abs(judged))} {way} than computed{_share(judged, explained.computed)}"
    if found.is_right:
        return f"The bill can be paid: usage is billed {amount}, which is within the tolerance."
    billed = "Usage is billed" if decided else "Ask before you pay: usage is billed"
    return f"{billed} {amount}. {_mostly(explained)}"


def cents(amount: Decimal) -> str:
    """An amount to the cent, or to four places where it is smaller than that."""
    if 0 < abs(amount) < Decimal("0.01"):
        return wording.money(abs(amount) if abs(amount) < TINY else amount)
    return wording.money_exact(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def signed_cents(amount: Decimal) -> str:
    """An amount as `cents` writes it, with its sign where it is large enough to matter."""
    return f"{'+' if amount >= TINY else ''}{cents(amount)}"


def _share(judged: Decimal, computed: Decimal) -> str:
    return f" ({wording.share(abs(judged) / abs(computed))})" if computed else ""


def _mostly(explained: Explained) -> str:
    shown = zip(explained.parts, as_shown(explained)[1:-1], strict=True)
    parts = sorted(((part, usd) for part, usd in shown if part not in BESIDE), key=lambda each: -abs(each[1]))
    said = [f"{part} {signed_cents(usd)}" for part, usd in parts[:3] if usd]
    return f"Above all: {wording.joined(said)}." if said else ""


def as_shown(explained: Explained) -> list[Decimal]:
    """Computed, the parts, and billed, rounded so that they still add up: to the cent, or to a millionth
    where all is less than a dollar."""
    places = 2 if max(abs(explained.billed), abs(explained.computed)) >= 1 else 6
    unit = Decimal(1).scaleb(-places)
    ends = [
        int(usd.quantize(unit, ROUND_HALF_UP).scaleb(places))
        for usd in (explained.computed, explained.billed)
    ]
    exact = [Fraction(usd.scaleb(places)) for usd in explained.parts.values()]
    return [Decimal(n).scaleb(-places) for n in (ends[0], *shared_out(exact, ends[1] - ends[0]), ends[1])]


def matched_by(explained: Explained) -> str:
    """How finely the bill was matched, as "day × model × token class (7 models)" (plain text)."""
    by_grain: dict[str, list[str]] = {}
    for grain in explained.grains:
        by_grain.setdefault(grain.words, []).append(grain.model or "all models")
    said = [
        f"{words} ({names[0] if len(names) == 1 else f'{len(names)} models'})"
        for words, names in by_grain.items()
    ]
    return wording.joined(said)

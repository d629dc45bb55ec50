"""Pieces of sentences: nouns with their number, words in a row, and how a figure changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from usage_core.wording.amounts import UNKNOWN, decimal_of, share

N = TypeVar("N", int, float, Decimal)


def plural(value: int, one: str, many: str | None = None) -> str:
    """An exact number with its noun: `1 call`, `18,332 calls`."""
    return f"{value:,d} {one if value == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """Words in a row: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def capital(text: str) -> str:
    """A text with its first letter a capital, the others as they are."""
    return text[:1].upper() + text[1:]


class Direction(StrEnum):
    """Which way a figure went."""

    UP = "up"
    DOWN = "down"
    FLAT = "flat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A change in words, and which way it went; whether that is good is for the figure to say."""

    text: str
    direction: Direction


def change(now: N | None, before: N | None, formatter: Callable[[N], str]) -> Change:
    """How a figure changed: `+12.0 % ($483)`, the difference written by `formatter`, or `new`."""
    if now is None:
        return Change(UNKNOWN, Direction.UNKNOWN)
    difference = now - before if before is not None else now
    if difference == 0:
        return Change("no change", Direction.FLAT)
    if not before:
        # There is no share of nothing: a first amount is new, a first credit stands for itself.
        return Change("new", Direction.UP) if now > 0 else Change(formatter(now), Direction.DOWN)
    percent = share(abs(decimal_of(difference)) / abs(decimal_of(before)))
    up = difference > 0
    text = f"{'+' if up else '-'}{percent} ({formatter(abs(difference))})"
    return Change(text, Direction.UP if up else Direction.DOWN)

"""How busy each day, hour and minute of the sample is, in whole numbers."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from usage_core.sample.cast import EMBED, KEYS, MODELS, PAIRS, Rhythm
from usage_core.sample.story import Story

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

PAIR_KEY: Ints = np.array([key for key, _, _ in PAIRS])
PAIR_MODEL: Ints = np.array([model for _, model, _ in PAIRS])
PAIR_SPLIT: Ints = np.array([split for _, _, split in PAIRS])

_HOURS_SUM = 10_000
_NOISE_PERCENT = 36
"""A key's day is up to 18 % busier or quieter than its trend."""


def _spread(rhythm: Rhythm) -> list[int]:
    return [hour * _HOURS_SUM // sum(rhythm.hours) for hour in rhythm.hours]


PAIR_HOURS: Ints = np.array([_spread(KEYS[key].rhythm) for key in PAIR_KEY]).T
"""(24, pairs): each pair's calls over the hours of a day, about 10,000 in all."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a sample, and the story they belong to."""

    first: date
    days: int
    seed: int
    story: Story

    def day(self, index: int) -> date:
        """A day by its place."""
        return self.first + timedelta(days=index)

    def place(self, day: date) -> int:
        """A day's place; outside 0..days - 1 where the sample does not have it."""
        return (day - self.first).days


def stream(seed: int, index: int) -> np.random.PCG64:
    """The random stream of a part of the sample: 0 for volumes, day + 1 for a day's calls."""
    return np.random.PCG64(np.random.SeedSequence([seed, index]))


def volumes(span: Span) -> Ints:
    """(days, keys): how busy each key is on each day, in relative whole numbers."""
    day = np.arange(span.days)
    growth = 1_000 + day * int(span.story.growth * 1_000) // max(span.days - 1, 1)
    weekend = (day + span.first.weekday()) % 7 > 4
    share = np.array([key.share for key in KEYS])
    week = np.where(weekend[:, None], np.array([key.rhythm.weekend for key in KEYS]), 100)
    raw = stream(span.seed, 0).random_raw(span.days * len(KEYS)).reshape(span.days, len(KEYS))
    noise = 100 - _NOISE_PERCENT // 2 + (raw >> np.uint64(32)).astype(np.int64) % (_NOISE_PERCENT + 1)
    return _with_events(share * growth[:, None] * week * noise // 10_000, span)


def _with_events(volume: Ints, span: Span) -> Ints:
    keys = [key.name for key in KEYS]
    volume[max(span.place(span.story.quiet_from), 0) :, keys.index(span.story.quiet_key)] = 0
    volume[: max(span.place(span.story.new_from), 0), keys.index(span.story.new_key)] = 0
    runaway = span.place(span.story.runaway_on)
    if 0 <= runaway < span.days:
        volume[runaway, keys.index(span.story.runaway_key)] *= span.story.runaway_calls
    return volume


def day_counts(calls: int, volume: Ints) -> list[int]:
    """Calls of each day, in proportion to its volume and `calls` in all."""
    # Python's whole numbers: calls times volume may not fit 64 bits.
    total = int(volume.sum())
    reached, counts, before = 0, [], 0
    for busy in volume.sum(axis=1).tolist():
        reached += busy
        upto = (calls * reached + total // 2) // total
        counts.append(upto - before)
        before = upto
    return counts


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls of each pair look like on one day; every array has one entry a pair.

    Tokens are medians; `first_ms` and `token_ms` are milliseconds; `slower` multiplies them.
    """

    input_tokens: Floats
    output_tokens: Floats
    first_ms: Floats
    token_ms: Floats
    slower: Floats
    embeds: npt.NDArray[np.bool_]


def shape(span: Span, index: int) -> Shape:
    """What calls look like on a day, by its place."""
    tale, today = span.story, span.day(index)
    models = [MODELS[model] for model in PAIR_MODEL]
    uses = [EMBED if m.is_embedding else KEYS[key].use for key, m in zip(PAIR_KEY, models, strict=True)]
    away = np.array([today == tale.runaway_on and KEYS[key].name == tale.runaway_key for key in PAIR_KEY])
    is_slow = tale.slow_from <= today < tale.slow_until
    more = np.where(away, float(tale.runaway_tokens), 1.0)
    return Shape(
        input_tokens=np.array([use.input_tokens for use in uses]) * more,
        output_tokens=np.array([use.output_tokens for use in uses]) * more,
        first_ms=np.array([float(m.first_ms) for m in models]),
        token_ms=np.array([1_000 / m.speed if m.speed else 0.0 for m in models]),
        slower=np.array(
            [float(tale.slow_factor if is_slow and m.provider == tale.slow_provider else 1) for m in models]
        ),
        embeds=np.array([m.is_embedding for m in models]),
    )

"""Random words into times, pairs, tokens and durations: tables and exactly rounded steps only."""

import math
from collections.abc import Iterator
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from usage_core.sample.plan import PAIR_HOURS, PAIR_SPLIT, Floats, Ints, Shape, Words

WORDS = 2
"""64-bit words a call takes from its day's stream."""

INPUT_TOKENS = (200, 30_000)
OUTPUT_TOKENS = (20, 3_000)
EMBEDDING_MS = (60, 400)
LONGEST_MS = 600_000
"""Callers give up after ten minutes."""
UNKNOWN_TIME = -1

_MINUTES = 1_440
_TABLE_BITS = 14
_INPUT_SIGMA, _OUTPUT_SIGMA, _TIME_SIGMA = 0.75, 0.7, 0.28


class Rows(NamedTuple):
    """Some calls in order of time: one entry a call in each array."""

    ms: Ints
    """Milliseconds since the day began."""
    pair: Ints
    input_tokens: Ints
    output_tokens: Ints
    """Meaningless for embeddings."""
    duration_ms: Ints
    """`UNKNOWN_TIME` where unknown."""


@lru_cache(maxsize=8)
def _factors(sigma: float) -> Floats:
    """16,384 equally likely values of a log-normal of median 1.

    Rounded, so that the last bit of a machine's `exp` cannot reach the data.
    """
    size = 1 << _TABLE_BITS
    normal = NormalDist()
    return np.array([round(math.exp(sigma * normal.inv_cdf((i + 0.5) / size)), 6) for i in range(size)])


def _bits(words: Words, start: int, count: int) -> Ints:
    return ((words >> np.uint64(start)) & np.uint64((1 << count) - 1)).astype(np.int64)


def day_rows(stream: np.random.PCG64, calls: int, volume: Ints, shape: Shape, most: int) -> Iterator[Rows]:
    """The calls of a day in order of time, at most `most` at once.

    Call i of n falls somewhere in the i-th n-th part of the day's activity: so times come out
    ordered without a sort, and a day needs no more memory than `most` calls.
    """
    weights = PAIR_HOURS * (volume * PAIR_SPLIT)
    hours = weights.sum(axis=1)
    flat = weights.cumsum().astype(np.float64)
    minutes = np.repeat(hours, 60) * (50 + _bits(stream.random_raw(_MINUTES), 20, 16) % 101)
    clock = np.concatenate([[0], minutes.cumsum()]).astype(np.float64)
    for start in range(0, calls, most):
        words = stream.random_raw(WORDS * min(most, calls - start)).reshape(-1, WORDS)
        when, what = words[:, 0], words[:, 1]
        at = (np.arange(start, start + len(words)) + _bits(when, 0, 16) / 65_536) * (clock[-1] / calls)
        ms = _milliseconds(at, clock)
        pair = _pairs(ms // 3_600_000, _bits(when, 16, 32), hours, flat)
        yield _rows(ms, pair, _bits(when, 48, 16), what, shape)


def _milliseconds(at: Floats, clock: Floats) -> Ints:
    """The millisecond at which the day has reached an amount of activity, never going back."""
    minute: Ints = np.minimum(np.searchsorted(clock, at, side="right") - 1, _MINUTES - 1)
    within = (at - clock[minute]) / (clock[minute + 1] - clock[minute]) * 60_000
    return minute * 60_000 + np.minimum(within.astype(np.int64), 59_999)


def _pairs(hour: Ints, chance: Ints, hours: Ints, flat: Floats) -> Ints:
    """A pair for each call, as likely as it is busy in the call's hour; `chance` has 32 bits."""
    # The fraction stays below 1, so the target stays inside its hour.
    before = np.concatenate([[0], hours.cumsum()]).astype(np.float64)[hour]
    target = before + (chance / 4_294_967_296) * hours[hour]
    return np.searchsorted(flat, target, side="right") % PAIR_SPLIT.size


def _rows(ms: Ints, pair: Ints, luck: Ints, what: Words, shape: Shape) -> Rows:
    def tokens(median: Floats, sigma: float, start: int, limits: tuple[int, int]) -> Ints:
        amount = median[pair] * _factors(sigma)[_bits(what, start, _TABLE_BITS)]
        return np.clip(amount.astype(np.int64), *limits)

    received = tokens(shape.output_tokens, _OUTPUT_SIGMA, 14, OUTPUT_TOKENS)
    noise = _factors(_TIME_SIGMA)[_bits(what, 28, _TABLE_BITS)]
    answer = (shape.first_ms[pair] + received * shape.token_ms[pair]) * noise
    # One answer in 128 hangs for a while: two to almost ten times as long.
    hung = np.where(_bits(what, 42, 7) == 0, 2 + _bits(what, 49, 5) / 4, 1.0)
    usual = np.where(shape.embeds[pair], np.clip(answer, *EMBEDDING_MS), answer * hung)
    duration = np.minimum((usual * shape.slower[pair]).astype(np.int64), LONGEST_MS)
    return Rows(
        ms=ms,
        pair=pair,
        input_tokens=tokens(shape.input_tokens, _INPUT_SIGMA, 0, INPUT_TOKENS),
        output_tokens=received,
        duration_ms=np.where(luck % 1_024 == 0, UNKNOWN_TIME, duration),
    )

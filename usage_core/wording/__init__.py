"""Every number, duration, date and piece of a sentence that a person reads, written in one place.

Nothing here depends on the machine's locale, and every function has an answer for "unknown": an
en dash, so an unknown amount never passes for zero.
"""

from usage_core.wording.amounts import (
    UNKNOWN,
    average,
    bytes_size,
    count,
    count_exact,
    duration_ms,
    figure,
    figure_exact,
    money,
    money_exact,
    money_rounded,
    money_signed,
    plain_decimal,
    read_exact,
    share,
    speed,
)
from usage_core.wording.dates import (
    WEEKDAY_NAMES,
    WEEKDAYS,
    clock,
    day,
    day_range,
    days,
    length,
    moment,
    month,
    month_name,
    period,
)
from usage_core.wording.phrases import Change, Direction, capital, change, joined, plural

__all__ = [
    "UNKNOWN",
    "WEEKDAYS",
    "WEEKDAY_NAMES",
    "Change",
    "Direction",
    "average",
    "bytes_size",
    "capital",
    "change",
    "clock",
    "count",
    "count_exact",
    "day",
    "day_range",
    "days",
    "duration_ms",
    "figure",
    "figure_exact",
    "joined",
    "length",
    "moment",
    "money",
    "money_exact",
    "money_rounded",
    "money_signed",
    "month",
    "month_name",
    "period",
    "plain_decimal",
    "plural",
    "read_exact",
    "share",
    "speed",
]

"""A provider's days and months: without a zone of their own, as bills have them and as they are stored."""

from datetime import date, datetime, time, timedelta

DAY = timedelta(days=1)


def begin(day: date) -> datetime:
    """The beginning of a day."""
    return datetime.combine(day, time())


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The beginning of the month that a day is in, and of the next."""
    first = month.replace(day=1)
    return begin(first), begin((first + timedelta(days=32)).replace(day=1))

"""Instants as the store holds them: UTC, naive."""

from datetime import UTC, datetime


def naive(instant: datetime) -> datetime:
    """An aware instant as it is stored."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def now() -> datetime:
    """This instant as it is stored."""
    return naive(datetime.now(UTC))

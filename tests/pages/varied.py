"""Calls of which every part of the pages of figures has something to show."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from tests.metrics.by_hand import Row, call

TODAY = datetime.now(UTC).date()
DAYS = 60
"""Every day of these, up to yesterday."""

SILENT = "went silent"
"""A key whose last call was made long ago."""

DORMANT = "was here before"
"""A key that made calls in the 30 days before the last 30, and none since."""

PRICED = {"output_price": Decimal(15)}

SHARED = "a key that has forty letters in its name"
MODELS = ("large", "small")
EMBEDS = "text-embedding-3-small"


def varied() -> list[Row]:
    """Completions of two models by three keys, embeddings by one of them."""
    made = []
    for day in range(1, DAYS + 1):
        at = datetime.combine(TODAY - timedelta(days=day), time(9))
        keys = (SHARED, "other", SILENT if day > 45 else DORMANT if day > 35 else "other")
        for n, key in enumerate(keys):
            made.append(_completion(at + timedelta(hours=n), key, MODELS[n % 2], day))
        made.append(_call(at, SHARED, EMBEDS, input_tokens=900, output_price=None))
    return made


def _completion(at: datetime, key: str, model: str, day: int) -> Row:
    took = 900 if model == "small" else 5000 + 100 * day
    return _call(at, key, model, output_tokens=50 + day, completion_time_ms=took)


def _call(at: datetime, key: str, model: str, **more: object) -> Row:
    named = {"api_key_id": key, "api_key_name": key, "provider": "OpenAI", "model": model}
    return call(at, **{"input_tokens": 4000, **named, "input_price": Decimal(3), **PRICED, **more})

"""Providers' totals over HTTP are those of the query layer, and of nobody else's keys."""

from typing import Any

from tests.api.test_usage import AUGUST, as_seen
from tests.importing import Shelf
from usage_core.api.provider_totals import TOTALS_PATH

HEADER = "period_start,period_end,org_id,api_key_id,requests,total_cost_usd\n"


def test_totals_of_a_timeframe(shelf: Shelf) -> None:
    shelf.take("2026-08-03,2026-08-03,o,a,10,2.5\n2026-08-04,2026-08-04,o,b,20,0.5\n", HEADER)

    def told(keys: tuple[str, ...] | None, **params: str) -> Any:
        return as_seen(shelf, keys).get(TOTALS_PATH, params=AUGUST | params)

    found = told(None, by="key").json()
    assert found["from"] == "2026-08-01T00:00Z"
    assert [(row["key"], row["calls"], row["cost_usd"]) for row in found["rows"]] == [
        ("a", 10, "2.5"),
        ("b", 20, "0.5"),
    ]
    [row] = told(("b",)).json()["rows"]
    assert (row["fate"], row["totals"], row["calls"], row["input_tokens"]) == ("counted", 1, 20, None)
    assert told(None, by="week").status_code == 400

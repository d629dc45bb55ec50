"""Costs that contradict tokens x price by more than rounding, as DuckDB SQL: the row is stored, and listed.

Only a format that has both costs and prices is looked at. What counts is the price on the row, as always
where there is one; the cost is what is in doubt.
"""

from collections.abc import Collection

from usage_core.intake.at_lines import at_lines
from usage_core.intake.checks import PRICE_FACTOR, raw_of
from usage_core.intake.staging import Staging
from usage_core.schema import BY_NAME, PICO_PLACES

MOST_LISTED = 10_000
"""Rows of an import that are kept in the list; all are counted."""

NEEDED = frozenset({"cost_pico", "input_price"})

_RAW = raw_of(BY_NAME["cost_pico"])
_FRACTION = f"regexp_extract({_RAW}, '[.]([0-9]*)', 1)"
_PLACES = f"""
    length(CASE WHEN length({_FRACTION}) > {PICO_PLACES} THEN rtrim({_FRACTION}, '0') ELSE {_FRACTION} END)
    - coalesce(try_cast(nullif(regexp_extract({_RAW}, '[eE]([+-]?[0-9]+)', 1), '') AS INT), 0)
"""
_LAST_PLACE = f"pow(10, {PICO_PLACES} - greatest(2, least({PICO_PLACES}, {_PLACES})))"
"""In pico-USD: nobody rounds the cost of a call to more than a cent."""

_OTHER_ROUNDING = "0.5 * (input_tokens + coalesce(output_tokens, 0)) + 1e-9 * cost"
"""Prices are kept to a millionth of a USD, a pico-USD for each token; floating point is no exacter."""

_MICRO = f"(coalesce(input_price, 0) * {PRICE_FACTOR})::HUGEINT"
_READ, _WRITTEN = (f"coalesce({name}, 0)::HUGEINT" for name in ("cache_read_tokens", "cache_write_tokens"))

DOUBTFUL = f"""
    cost_pico <> cost AND (
        cost_pico < cost - ({_READ} + {_WRITTEN}) * {_MICRO} - ({_OTHER_ROUNDING}) - {_LAST_PLACE} / 2
        OR cost_pico > cost + {_WRITTEN} * {_MICRO} + ({_OTHER_ROUNDING}) + {_LAST_PLACE} / 2)
"""
"""Whether the cost of a row with prices is off by more than half its last decimal. Tokens read from a cache
may be free, and those written to it cost twice as much: a row says nothing of their prices."""


def can_be(given: Collection[str]) -> bool:
    """Whether rows with these fields can have such a cost at all."""
    return set(given) >= NEEDED


def doubt(original: str) -> str:
    """SQL for a row as it came if its cost is in doubt, else NULL."""
    return f"CASE WHEN {DOUBTFUL} AND reason IS NULL THEN {original} END"


_AMOUNT = "regexp_replace(({pico}::DECIMAL(19, 0) * 0.000000000001)::VARCHAR, '[.]?0+$', '')"
_REASON = (
    f"'The cost given is ' || {_AMOUNT.format(pico='recorded')} || ' USD, but these tokens at the prices on "
    f"the row cost ' || {_AMOUNT.format(pico='row_cost')} || ' USD. The latter counts.'"
)
_DOUBTED = f"""
    SELECT record, row, 'cost_pico' AS field, {_AMOUNT.format(pico="recorded")} AS value, {_REASON} AS reason,
        doubt AS original
    FROM {{s}}.fresh WHERE doubt IS NOT NULL AND row_cost IS NOT NULL
"""


def list_doubted(stage: Staging, given: Collection[str]) -> int:
    """List the rows to be stored whose cost is in doubt, in `doubted`; gives the number of all of them."""
    if not can_be(given):
        return 0
    [[count]] = stage.run("SELECT count(*) FROM {s}.fresh WHERE doubt IS NOT NULL AND row_cost IS NOT NULL")
    if count:
        first = f"({_DOUBTED} ORDER BY row LIMIT {MOST_LISTED})"
        stage.run(f"CREATE TABLE {{s}}.doubted AS {at_lines(first)}")
    return int(count)

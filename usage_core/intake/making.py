"""Makes calls of the rows of a staged file: each with its cost, and where that comes from.

The price on the row comes first, then the cost that the source recorded, then the administrator's price,
then the catalogue's; else the cost is unknown.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from duckdb_sqlalchemy import Dialect

from usage_core.intake.checks import COST_PICO, KIND, STAGED, TYPES
from usage_core.intake.coded import held, same
from usage_core.intake.pricing import FALLS_INTO, cost, price_list
from usage_core.intake.staging import Staging
from usage_core.prices.rules import Rule
from usage_core.schema import CostBasis, Status
from usage_core.store.engine import literal
from usage_core.store.new_sums import NEW
from usage_core.store.tables import CALLS

_WITHOUT_COST = "c.row_cost IS NULL AND c.recorded IS NULL"
_PERHAPS_WITHOUT = "c.recorded IS NULL AND (c.cost IS NULL OR c.output_tokens IS NULL)"
"""What holds of every row without a cost, and can be told before its model is looked up."""

_MADE = {
    **{column.name: f"c.{column.name}" for column in STAGED},
    "kind": "c.kind",
    "input_price": "CASE WHEN c.from_list THEN c.list_input_price ELSE c.input_price END",
    "output_price": "CASE WHEN c.from_list THEN c.list_output_price ELSE c.output_price END",
    "cost_pico": "coalesce(c.row_cost, c.recorded, c.list_cost)",
    "cost_basis": f"CASE WHEN c.row_cost IS NOT NULL THEN '{CostBasis.ROW}' "
    f"WHEN c.recorded IS NOT NULL THEN '{CostBasis.RECORDED}' "
    f"WHEN c.list_cost IS NOT NULL THEN c.basis ELSE '{CostBasis.UNKNOWN}' END",
    "status": f"coalesce(c.status, '{Status.UNKNOWN}')",
    "provider_name": "c.provider_name",
    "model_name": "c.model_name",
}
"""Each field of a call, from those of a row in which it may differ from call to call."""

_NAMED = ("provider", "model", "provider_name", "model_name")

_FRESH = f"""
    CREATE VIEW {{s}}.fresh AS
    SELECT c.* EXCLUDE (provider, model), {", ".join(f"n.{name}" for name in _NAMED)},
        {KIND} AS kind, {COST_PICO} AS row_cost
    FROM {{s}}.others c JOIN {{s}}.coded_names n
        ON c.model = n.model_text AND c.provider IS NOT DISTINCT FROM n.provider_text
"""
"""The rows to be stored, and what they cost by prices of their own."""

_PRICED = f"""
    SELECT c.*, p.basis, p.input_price AS list_input_price, p.output_price AS list_output_price,
        {cost("c", "c.kind")} AS list_cost
    FROM {{s}}.fresh c LEFT JOIN {{s}}.prices p
        ON {FALLS_INTO.format(names="c", call="c")}
    WHERE {_WITHOUT_COST} AND {_PERHAPS_WITHOUT}
"""

_AS_THEY_ARE = f"""
    SELECT *, NULL::VARCHAR AS basis, NULL::BIGINT AS list_cost, NULL::DECIMAL(12, 6) AS list_input_price,
        NULL::DECIMAL(12, 6) AS list_output_price
    FROM {{s}}.fresh c WHERE NOT ({_WITHOUT_COST})
"""

_CALLS = """
    SELECT {columns}
    FROM (SELECT *, list_cost IS NOT NULL AS from_list FROM ({priced}) c) c
    WHERE c.called_at >= {start} AND c.called_at < {end}
"""
"""A portion of them as calls."""

_MORE = "INSERT INTO {s}.made"


class Making:
    """The calls of a staged file, a portion at a time, in `new_calls` of the scratch database: all columns of
    calls. Texts are held `by` types of few values, where there are (see `coded.codes`); `alike` are texts
    that are the same in all calls, and the fields that the source has are `given`."""

    def __init__(
        self, stage: Staging, given: Collection[str], alike: Mapping[str, str], by: Mapping[str, str]
    ) -> None:
        """Name the rows to be stored `fresh`, with what is known of their models and their own costs."""
        self._stage, self._by = stage, by
        self._all_cost = False
        self._alike = _empty(given) | {name: literal(value) for name, value in alike.items()}
        self._made = {name: sql for name, sql in _MADE.items() if name not in self._alike}
        names = held(same(_NAMED), by)
        as_staged = {name: f"{name}::{stage.codes.get(name, 'VARCHAR')}" for name in ("provider", "model")}
        stage.run(
            f"CREATE TABLE {{s}}.coded_names AS SELECT {names}, {as_staged['provider']} AS provider_text, "
            f"{as_staged['model']} AS model_text, embeds FROM {{s}}.names"
        )
        stage.run(_FRESH)

    def price(self, rules: Callable[[], Sequence[Rule]]) -> None:
        """List the prices of the models that have calls without one, in `prices`; where there are such, the
        administrator's rules are asked for."""
        models = self._stage.run(
            "SELECT DISTINCT provider_name, model_name, service_tier FROM {s}.fresh c "
            f"WHERE {_WITHOUT_COST} AND {_PERHAPS_WITHOUT}"
        )
        self._all_cost = not models
        if models:
            self._stage.put("prices", price_list([(row[0], row[1], row[2]) for row in models], rules()))

    def make(self, start: datetime, end: datetime) -> None:
        """Make the calls of [start, end) (naive UTC)."""
        columns, shown = held(self._made, self._by), held(self._alike, self._by)
        # One after the other, or the engine would keep all rows to look at them twice.
        steps = [("CREATE OR REPLACE TABLE {s}.made AS", _AS_THEY_ARE), (_MORE, _PRICED)]
        for begin, priced in steps[: 1 if self._all_cost else 2]:
            rows = _CALLS.format(columns=columns, priced=priced, start=literal(start), end=literal(end))
            self._stage.run(f"{begin} {rows}")
        self._stage.run(f"CREATE OR REPLACE VIEW {{s}}.{NEW.name} AS SELECT *, {shown} FROM {{s}}.made")


def _empty(given: Collection[str]) -> dict[str, str]:
    """SQL for each field that the source does not have, so that it is empty in all calls."""
    missing = {
        column.name: f"NULL::{TYPES[column.form]}"
        for column in STAGED
        if column.name not in given and column.name != "kind" and _MADE[column.name] == f"c.{column.name}"
    }
    status = {} if "status" in given else {"status": literal(Status.UNKNOWN)}
    return {**missing, **status, "replaced": f"NULL::{CALLS.c.replaced.type.compile(dialect=Dialect())}"}

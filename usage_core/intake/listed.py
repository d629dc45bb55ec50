"""Statements beside a list of the prices in force."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy as sa

from usage_core.intake.price_rules import in_force
from usage_core.intake.pricing import price_list
from usage_core.prices.rules import Rule
from usage_core.schema import CostBasis
from usage_core.store.tables import CALLS, PRICES

c = CALLS.c


class Run(Protocol):
    """Runs a statement, with `$1` and so on in it, and gives its rows."""

    def __call__(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        ...


def run_on(connection: sa.Connection) -> Run:
    """A way to run statements in a connection's transaction."""
    native: Any = connection.connection.driver_connection

    def run(sql: str, *values: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = native.execute(sql, values).fetchall()
        return rows

    return run


@contextmanager
def listed(
    connection: sa.Connection, bases: Collection[CostBasis], rules: Iterable[Rule] | None = None
) -> Iterator[Run]:
    """A way to run statements beside `temp.main.price_list`, which has the prices of every model with
    costs of these bases; by the rules in force, or by those given."""
    models = connection.execute(
        sa.select(PRICES.c.provider_name, PRICES.c.model_name)
        .where(PRICES.c.cost_basis.in_([str(basis) for basis in bases]))
        .distinct()
    ).all()
    tiers = connection.execute(
        sa.select(c.provider_name, c.model_name, c.service_tier)
        .where(c.service_tier.is_not(None), c.cost_basis.in_([str(basis) for basis in bases]))
        .distinct()
    ).all()
    every = [(row[0], row[1], None) for row in models] + [(row[0], row[1], row[2]) for row in tiers]
    if rules is None:
        rules = [entered.rule for entered in in_force(connection)]
    native: Any = connection.connection.driver_connection
    run = run_on(connection)
    native.register("given_list", price_list(every, list(rules)))
    run("CREATE OR REPLACE TEMP TABLE price_list AS SELECT * FROM given_list")
    native.unregister("given_list")
    try:
        yield run
    finally:
        run("DROP TABLE IF EXISTS temp.main.price_list")

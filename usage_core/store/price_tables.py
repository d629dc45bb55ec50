"""The tables of prices: what the administrator says of them, and what pricing stored calls anew changed."""

import sqlalchemy as sa
from duckdb_sqlalchemy.datatypes import Struct

from usage_core.schema import Form
from usage_core.store.table_parts import COUNT, METADATA, TOTAL, TYPES, moments, texts

PRICE_RULES = sa.Table(
    "price_rules",
    METADATA,
    *(sa.Column(name, sa.String(), nullable=False) for name in ("rule_id", "kind")),
    *texts("provider", "model"),
    *moments("since", "until"),
    *(
        sa.Column(f"{part}_price", TYPES[Form.PRICE])
        for part in ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    ),
    sa.Column("percent", TYPES[Form.PRICE]),
    *texts("stands_for", "service_tier", "note"),
    sa.Column("entered_at", sa.DateTime(), nullable=False),
    sa.Column("entered_by", sa.String()),
    sa.Column("withdrawn_at", sa.DateTime()),
    sa.Column("withdrawn_by", sa.String()),
)
"""What the administrator says about prices; see `prices.rules.Rule`."""

REPLACED = sa.ARRAY(
    Struct(
        {
            "repricing": sa.BigInteger(),
            "cost_pico": TYPES[Form.PICO],
            "cost_basis": sa.String(),
            "input_price": TYPES[Form.PRICE],
            "output_price": TYPES[Form.PRICE],
        }
    )
)
"""What a call cost before each repricing that changed it. It is kept with the call: so it goes when the call
does, and to take a repricing back no call has to be looked for."""

REPRICINGS = sa.Table(
    "repricings",
    METADATA,
    sa.Column("number", COUNT),
    *moments("applied_at"),
    *texts("applied_by", "catalogue_version", "catalogues_before"),
    *moments("first_call_at", "last_call_at"),
    sa.Column("calls", COUNT),
    *(sa.Column(name, TOTAL) for name in ("cost_before", "cost_after")),
    *(sa.Column(name, COUNT) for name in ("unpriced_before", "unpriced_after")),
    *moments("undone_at"),
    *texts("undone_by"),
    sa.Column("calls_undone", COUNT),
)
"""One row per repricing, never deleted; numbers grow. Costs are pico-USD, of calls where they are known.

`catalogues_before` are the versions by which the calls were priced before, with commas between. Of one that
was undone, `calls_undone` were still there and got their prices back."""

REPRICING_SUMS = sa.Table(
    "repricing_sums",
    METADATA,
    sa.Column("number", COUNT),
    *moments("month"),
    *texts("api_key_id"),
    sa.Column("calls", COUNT),
    *(sa.Column(name, TOTAL) for name in ("cost_before", "cost_after")),
    *(sa.Column(name, COUNT) for name in ("unpriced_before", "unpriced_after")),
)
"""What a repricing changed, by month (its first day, UTC) and key."""

"""Completion times of a day and group as lists, what is held, and some calls, as views of what there is."""

from alembic import op

revision = "0012"
down_revision = "0011"

GROUPS = {
    "rollup_times": "day, provider_name, model_name, kind",
    "rollup_key_times": "day, api_key_id, kind",
    "rollup_day_times": "day, kind",
}

TEN = (
    "called_at, api_key_id, api_key_name, provider, model, input_tokens, output_tokens, completion_time_ms, "
    "input_price, output_price"
)


def upgrade() -> None:
    """Create the views."""
    for table, groups in GROUPS.items():
        lists = "list(CAST(time_bin AS SMALLINT)) AS bins, list(calls) AS counts"
        op.execute(f"CREATE VIEW {table}_lists AS SELECT {groups}, {lists} FROM {table} GROUP BY {groups}")
    edges = "count(*) AS calls, min(called_at) AS first_call_at, max(called_at) AS last_call_at"
    op.execute(f"CREATE VIEW held AS SELECT {edges} FROM calls")
    op.execute(f"CREATE VIEW some_calls AS SELECT {TEN} FROM calls LIMIT 1000")

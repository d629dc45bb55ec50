"""The lists of completion times hold whole months, too, so that a year is not read day by day."""

from alembic import op

revision = "0014"
down_revision = "0013"

GROUPS = {
    "rollup_times": "provider_name, model_name, kind",
    "rollup_key_times": "api_key_id, kind",
    "rollup_day_times": "kind",
}
LISTS = "list(CAST(time_bin AS SMALLINT)) AS bins, list(calls) AS counts"


def upgrade() -> None:
    """Make the views anew."""
    for table, groups in GROUPS.items():
        month = f"date_trunc('month', day), {groups}, time_bin"
        calls = "CAST(sum(calls) AS BIGINT)"
        summed = f"SELECT date_trunc('month', day) AS day, {groups}, time_bin, {calls} AS calls FROM {table}"
        op.execute(f"DROP VIEW {table}_lists")
        op.execute(
            f"CREATE VIEW {table}_lists AS SELECT false AS whole_month, day, {groups}, {LISTS} FROM {table} "
            f"GROUP BY day, {groups} UNION ALL SELECT true, day, {groups}, {LISTS} "
            f"FROM ({summed} GROUP BY {month}) GROUP BY day, {groups}"
        )

"""The calls of each hour, as a view: whether any are missing is asked with every look at the Overview."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the view."""
    calls = "SELECT hour, CAST(sum(calls) AS BIGINT) AS calls FROM rollup_model_hours GROUP BY hour"
    op.execute(f"CREATE VIEW hours AS {calls}")

"""Completion times by day alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the rollup, empty: whoever runs the steps fills empty rollups afterwards."""
    op.create_table(
        "rollup_day_times",
        sa.Column("day", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String()),
        sa.Column("time_bin", sa.BigInteger()),
        sa.Column("calls", sa.BigInteger(), nullable=False),
    )

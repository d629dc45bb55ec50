"""What providers allow of their models."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table, empty: an administrator fills it."""
    op.create_table(
        "limits",
        sa.Column("provider", sa.String()),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("calls_per_minute", sa.BigInteger()),
        sa.Column("tokens_per_minute", sa.BigInteger()),
        sa.Column("calls_in_flight", sa.BigInteger()),
        sa.Column("set_at", sa.DateTime(), nullable=False),
    )

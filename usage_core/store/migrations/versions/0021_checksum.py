"""A receipt keeps the checksum of its file, so that the same file need not be read again."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add it; of files imported before it is not known."""
    op.add_column("imports", sa.Column("checksum", sa.String()))

"""What became of an imported file."""

from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from usage_core.store.tables import IMPORTS


@dataclass(frozen=True, slots=True)
class Receipt:
    """Rows read = stored + duplicate + rejected. Times are naive UTC."""

    import_id: str
    imported_at: datetime
    file_name: str
    file_bytes: int
    source: str
    rows_read: int
    rows_stored: int
    rows_duplicate: int
    rows_rejected: int
    first_call_at: datetime | None
    last_call_at: datetime | None
    catalogue_version: str

    def __post_init__(self) -> None:
        total = self.rows_stored + self.rows_duplicate + self.rows_rejected
        if self.rows_read != total or min(self.rows_stored, self.rows_duplicate, self.rows_rejected) < 0:
            raise AssertionError(f"{self.rows_read} rows read, but {total} accounted for")

    @property
    def sentence(self) -> str:
        """The receipt as a person reads it."""
        return (
            f"{self.file_name}: {self.rows_read:,} rows read = {self.rows_stored:,} stored + "
            f"{self.rows_duplicate:,} already there + {self.rows_rejected:,} set aside."
        )

    def store(self, connection: sa.Connection) -> None:
        """Write the receipt in the import's own transaction."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        connection.execute(sa.insert(IMPORTS).values(values))

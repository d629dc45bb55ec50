"""Files that are in the store already, whole and read the same way: nothing in them is new, so they need not
be read again.

What a file holds is known by its checksum, which the receipt keeps for as long as no call is taken out of the
store: then a row that was there may not be there any more, and every file is read again.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from usage_core.intake.reading import as_checked
from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source
from usage_core.prices import catalogue
from usage_core.store.lake import Lake
from usage_core.store.tables import IMPORTS, REJECTED

WORTH_BYTES = 1 << 20
"""A smaller file is read sooner than it is looked up."""

i = IMPORTS.c


def with_checksum(source: Source) -> Source:
    """A file with the SHA-256 of its bytes and of how it is read; one of sums, and a small one, without."""
    if source.format.sums or source.path.stat().st_size < WORTH_BYTES:
        return source
    with source.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    how = (source.format.name, source.layout, source.shaped, source.delimiter, source.header)
    digest.update(as_checked(source, repr(how)).encode())
    return replace(source, checksum=digest.hexdigest())


def again(lake: Lake, source: Source, waiting: Callable[[], None]) -> Receipt | None:
    """The receipt of a file all of whose calls the store has, from an import of the same file; None where it
    has to be read. What was set aside then is set aside again."""
    if source.checksum is None:
        return None
    with lake.reading() as connection:
        if _import_of(connection, source) is None:
            return None
    with lake.writing(waiting) as connection:
        before = _import_of(connection, source)
        if before is None:  # calls were taken out while another writer was waited for
            return None
        receipt = _all_there(before, source)
        _set_aside_again(connection, before, receipt)
        receipt.store(connection)
    return receipt


def _import_of(connection: sa.Connection, source: Source) -> Receipt | None:
    """The receipt of an import of the same file whose calls are all in the store."""
    same = sa.and_(i.checksum == source.checksum, i.file_bytes == source.path.stat().st_size)
    found = connection.execute(sa.select(IMPORTS).where(same, i.undone_at.is_(None)).limit(1)).mappings()
    row = found.first()
    return None if row is None else Receipt.of(dict(row))


def _all_there(before: Receipt, source: Source) -> Receipt:
    return replace(
        before,
        import_id=str(uuid.uuid4()),
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        file_name=source.name,
        rows_stored=0,
        rows_duplicate=before.rows_stored + before.rows_duplicate,
        rows_doubted=0,
        catalogue_version=catalogue.catalogue_version(),
    )


def _set_aside_again(connection: sa.Connection, before: Receipt, receipt: Receipt) -> None:
    columns = [column.name for column in REJECTED.columns if column is not REJECTED.c.import_id]
    rows = sa.select(sa.literal(receipt.import_id), *(REJECTED.c[name] for name in columns))
    rows = rows.where(REJECTED.c.import_id == before.import_id)
    connection.execute(sa.insert(REJECTED).from_select([REJECTED.c.import_id.name, *columns], rows))


def forget(connection: sa.Connection) -> None:
    """Have every file read again, in the transaction that takes calls out of the store."""
    connection.execute(sa.update(IMPORTS).where(i.checksum.is_not(None)).values(checksum=None))

"""Joins small data files into larger ones, which are read faster; every answer stays as it is.

An import writes at least one file of calls and one for each rollup, and rows too few for a file go into
the catalog: after many small imports a query opens hundreds of files to read little from each.

DuckLake's own functions for this (`merge_adjacent_files`, `flush_inlined_data`) take rows away from
whoever is reading meanwhile. So the rows are stored again and then deleted where they were, in one
ordinary transaction: who began to read before it keeps the old files, which `old_files` removes later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PureWindowsPath
from typing import Any

import sqlalchemy as sa

from usage_core.store import rollups
from usage_core.store.tables import CALLS, METADATA

META = "__ducklake_metadata_lake"
"""The name under which DuckLake attaches the catalog of `lake`; its tables are part of its format."""

TURN_ROWS = 500_000
"""Rows written in one transaction: an import that comes meanwhile waits for three seconds at most, and
600 MB of memory are enough."""

SMALL_ROWS = TURN_ROWS // 2
"""A file of fewer rows is small: two of them fit into one transaction."""

FEWEST = 8
"""So many small files of one table, and of calls that begin in one month, are joined."""

MOST_IN_CATALOG = 1_000
"""So many rows of one table are moved from the catalog into files."""

_FILENAME: sa.ColumnClause[str] = sa.literal_column(
    "filename"
)  # of the file a row is in; or of the catalog's table

_SMALL_FILES = sa.text(f"""
    SELECT t.table_name, p.part, parse_filename(d.path, false, 'both_slash'),
           d.record_count - coalesce(x.delete_count, 0) AS live
    FROM {META}.ducklake_data_file d JOIN {META}.ducklake_table t USING (table_id)
    LEFT JOIN {META}.ducklake_delete_file x
        ON x.data_file_id = d.data_file_id AND x.end_snapshot IS NULL
    LEFT JOIN (
        SELECT data_file_id, left(min_value, {len("2026-08")}) AS part
        FROM {META}.ducklake_file_column_stats
        JOIN {META}.ducklake_column c USING (table_id, column_id)
        WHERE column_name = '{CALLS.c.called_at.name}' AND c.end_snapshot IS NULL) p
        ON p.data_file_id = d.data_file_id
    WHERE d.end_snapshot IS NULL AND t.end_snapshot IS NULL AND live < {SMALL_ROWS}
    ORDER BY t.table_name, p.part, live, d.data_file_id
""")

_CATALOG_TABLES = sa.text(f"""
    SELECT t.table_name, i.table_name
    FROM {META}.ducklake_inlined_data_tables i JOIN {META}.ducklake_table t USING (table_id)
    WHERE t.end_snapshot IS NULL ORDER BY ALL
""")


@dataclass(frozen=True, slots=True)
class Pile:
    """Files of one table (and month) that are to be joined, or the one table of the catalog with its rows."""

    table: sa.Table
    names: tuple[str, ...]
    rows: int


def find(connection: sa.Connection) -> list[Pile]:
    """What there is to join."""
    return [*_piles_of_files(connection), *_piles_in_catalog(connection)]


def join_some(connection: sa.Connection) -> int:
    """Join as much as one transaction should; returns how many piles there were, so 0 when all is done."""
    piles = find(connection)
    chosen: list[Pile] = []
    rows = 0
    for pile in piles:
        if any(pile.table is other.table for other in chosen):
            continue  # in one transaction both would become one
        rows += pile.rows
        if chosen and rows > TURN_ROWS:
            break
        chosen.append(pile)
    for pile in chosen:
        listed = _files(connection, pile.table.name)
        rewrite(connection, pile.table, [file for file in listed if PureWindowsPath(file).name in pile.names])
    return len(piles)


def delete(connection: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
    """Delete rows so that they leave the disk, too, with former states of the store.

    A deleted row is only marked, and DuckLake keeps a file that was emptied in several steps. So the rows
    beside them are stored again, and then all rows of their files are deleted in one.
    """
    names = sa.select(_FILENAME).select_from(table).where(which).distinct()
    files = _FILENAME.in_(list(connection.execute(names).scalars()))
    rest = _in_order(table, sa.select(*table.columns).where(files, sa.not_(which)))
    connection.execute(sa.insert(table).from_select(list(table.columns.keys()), rest))
    connection.execute(sa.delete(table).where(files))


def _piles_of_files(connection: sa.Connection) -> Iterator[Pile]:
    found = connection.execute(_SMALL_FILES).all()
    for (table, _part), group in groupby(found, key=lambda file: (file[0], file[1])):
        files = [(name, rows) for _, _, name, rows in group]
        chosen = files[: worth_joining([rows for _, rows in files])]
        if chosen and table in METADATA.tables:
            names = tuple(name for name, _ in chosen)
            yield Pile(METADATA.tables[table], names, sum(rows for _, rows in chosen))


def worth_joining(sizes: Sequence[int]) -> int:
    """How many files to join, the smallest first, given the rows of each in order.

    None with more rows than all smaller ones together: it would be written again for the sake of a few.
    So a row is written again only when its file at least doubles, twenty times at most.
    """
    many, rows, total = 0, 0, 0
    for number, size in enumerate(sizes, start=1):
        if total + size > TURN_ROWS:
            break
        if number > 1 and size <= total:
            many, rows = number, total + size
        total += size
    return many if len(sizes) >= FEWEST and (many >= FEWEST or rows >= SMALL_ROWS) else 0


def _piles_in_catalog(connection: sa.Connection) -> Iterator[Pile]:
    for table, name in catalog_tables(connection):
        count = sa.text(f"SELECT count(*) FROM {META}.{name} WHERE end_snapshot IS NULL")
        rows = connection.execute(count).scalar_one()
        if rows >= MOST_IN_CATALOG and table in METADATA.tables:
            yield Pile(METADATA.tables[table], (name,), rows)


def catalog_tables(connection: sa.Connection) -> list[tuple[str, str]]:
    """The store's tables with the catalog's tables that hold rows of them."""
    return [(table, name) for table, name in connection.execute(_CATALOG_TABLES)]


def _files(connection: sa.Connection, table: str) -> list[str]:
    """Whatever holds rows of a table, as `filename` has it."""
    listed = sa.text("SELECT data_file FROM ducklake_list_files('lake', :name)")
    files = list(connection.execute(listed, {"name": table}).scalars())
    return files + [name for of, name in catalog_tables(connection) if of == table]


def rewrite(connection: sa.Connection, table: sa.Table, files: Sequence[str] | None = None) -> None:
    """Store the rows of some files, or of all, in new ones, and delete them where they were.

    Raises:
        RuntimeError: the new rows are not the old ones; the transaction must be given up.
    """
    known = _files(connection, table.name)
    old, new = _FILENAME.in_(known if files is None else files), _FILENAME.not_in(known)
    is_rollup = table in rollups.TABLES
    rows = rollups.added_up(table) if is_rollup else _in_order(table, sa.select(*table.columns))
    count = sa.select(sa.func.count()).select_from(table)

    before = connection.execute(_fingerprint(table).where(old)).one()
    number = connection.execute(count.where(old)).scalar_one()
    connection.execute(sa.insert(table).from_select(list(table.columns.keys()), rows.where(old)))
    deleted = connection.execute(sa.delete(table).where(old)).rowcount
    after = connection.execute(_fingerprint(table).where(new)).one()
    if before != after or deleted != number or connection.execute(count.where(old)).scalar_one():
        raise RuntimeError(f"Rewriting {number} rows of {table.name} would have changed them; nothing was.")


def _in_order(table: sa.Table, rows: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    """Calls by their time, so that a file of them is read no further than a question's days."""
    return rows.order_by(table.c.called_at) if table is CALLS else rows


def _fingerprint(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    """What rewriting must not change: a rollup's sums, or the number and the content of other rows."""
    if table in rollups.TABLES:
        return sa.select(*rollups.combined_of(table))
    row = sa.cast(sa.func.hash(sa.literal_column(table.name)), sa.Numeric(38, 0))
    return sa.select(sa.func.count(), sa.func.sum(row)).select_from(table)

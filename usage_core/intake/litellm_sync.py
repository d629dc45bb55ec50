"""Reads a LiteLLM proxy's spend log out of its PostgreSQL, a little at a time, and only what is new.

Rows are taken by the end of their calls, in spans of time short enough for a small batch each. The proxy
writes rows some time after their calls, so each round begins OVERLAP before the end of the last; what was
there already is no second call. A batch is stored whole before it is noted how far the reading is, so a
round that is stopped anywhere goes on where it was.

Every transaction is read-only and every statement has a time limit. Prompts, answers and addresses are
never asked for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from usage_core.errors import UnreadableFile
from usage_core.importers import litellm
from usage_core.intake.progress import Stretch
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file
from usage_core.store.lake import Lake
from usage_core.store.maintenance import Report
from usage_core.store.scratch import scratch
from usage_core.store.settings import note, put_note

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

TABLE = sql.Identifier("LiteLLM_SpendLogs")
NEEDED = frozenset({"request_id", "call_type", "spend", "startTime", "endTime", "model"})

OVERLAP = timedelta(minutes=15)
LONGEST_CALL = timedelta(days=1)
"""Rows are looked up by the start of their calls, too, which has an index; a call takes no longer."""

BATCH_ROWS = 50_000
FIRST_SPAN, SHORTEST_SPAN = timedelta(hours=1), timedelta(seconds=1)
TIMEOUT_S = 30


class Sync:
    """Brings the spend log of one database into a store; keep it for many rounds."""

    def __init__(self, lake: Lake, address: str, report: Report = lambda _doing, _part: None) -> None:
        """Nothing is connected to before the first `round`. The address is a PostgreSQL URL."""
        self.lake, self.address, self.report = lake, address, report
        self._seen: dict[str, datetime] = {}
        """Ids of what was read last -> when their calls ended: OVERLAP is not read again by every round."""

    def round(self) -> Iterator[Receipt]:
        """Bring in what is new; one receipt for each batch that held anything.

        Raises:
            UnreadableFile: the database cannot be reached, has no spend log, or took too long.
        """
        try:
            with (
                scratch(self.lake.folder / "staging", "sync") as folder,
                _connected(self.address) as connection,
            ):
                yield from self._batches(connection, folder.path / "batch.csv")
        except psycopg.errors.QueryCanceled:
            raise UnreadableFile(
                f"The database took longer than {TIMEOUT_S} seconds for one statement, and was left alone. "
                "What was read before is stored; the next round goes on from there."
            ) from None
        except psycopg.Error as error:
            raise UnreadableFile(f"The database cannot be read: {_first_line(error)}") from None

    def _batches(self, connection: Connection, path: Path) -> Iterator[Receipt]:
        columns, mark = _columns(connection), _mark(connection)
        first, now = self._edges(connection, mark)
        batch, span = _Span(first, first), FIRST_SPAN
        while batch.end < now:
            following = _Span(batch.end, min(batch.end + span, now))
            try:
                rows, recent = self._copy(connection, following, columns, path)
            except psycopg.errors.QueryCanceled:
                if span <= SHORTEST_SPAN:
                    raise
                span /= 4
                continue
            batch, span = following, _next_span(span, rows)
            way = Stretch((batch.start - first) / (now - first), (batch.end - first) / (now - first))
            self.report("Reading", way.begin)
            if rows:
                yield import_file(self.lake, path, name=batch.name(connection), report=self.report, way=way)
                with self.lake.writing() as store:
                    put_note(store, mark, batch.end.isoformat())
                since = batch.end - OVERLAP
                self._seen = {each: at for each, at in self._seen.items() if at >= since} | recent

    def _edges(self, connection: Connection, mark: str) -> tuple[datetime, datetime]:
        """From when to when this round reads."""
        with self.lake.reading() as store:
            before = note(store, mark)
        with _limited(connection) as cursor:
            row = cursor.execute("SELECT (now() AT TIME ZONE 'UTC')::timestamp(3)").fetchone()
            now: datetime = (row or ())[0]
            if before is not None:
                return datetime.fromisoformat(before) - OVERLAP, now
            row = cursor.execute(sql.SQL('SELECT min("startTime") FROM {}').format(TABLE)).fetchone()
        return (row and row[0]) or now, now

    def _copy(
        self, connection: Connection, span: "_Span", columns: sql.Composed, path: Path
    ) -> tuple[int, dict[str, datetime]]:
        """Write a span's new rows to a file, as CSV; how many there are, and the ids of the latest."""
        new = span.condition
        if known := [each for each, ended in self._seen.items() if span.start <= ended < span.end]:
            new += sql.SQL(' AND "request_id" <> ALL({})').format(known)
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(columns, TABLE, new)
        latest = sql.SQL('SELECT "request_id", "endTime" FROM {} WHERE {} AND "endTime" >= {}')
        with _limited(connection) as cursor:
            with (
                path.open("wb") as file,
                cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER true)").format(query)) as lines,
            ):
                for piece in lines:
                    file.write(piece)
            rows = max(0, cursor.rowcount)
            if not rows:
                return 0, {}
            recent = cursor.execute(latest.format(TABLE, new, span.end - OVERLAP))
            return rows, {str(row[0]): row[1] for row in recent}


@dataclass(frozen=True, slots=True)
class _Span:
    """Calls that ended in [start, end), naive UTC."""

    start: datetime
    end: datetime

    @property
    def condition(self) -> sql.Composed:
        """Which rows these are."""
        return sql.SQL(
            '"endTime" >= {} AND "endTime" < {} AND "startTime" >= {} AND "startTime" < {}'
        ).format(self.start, self.end, self.start - LONGEST_CALL, self.end + LONGEST_CALL)

    def name(self, connection: Connection) -> str:
        """The name of its batch in receipts."""
        start, end = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (self.start, self.end))
        return f"LiteLLM database {connection.info.dbname}, {start} to {end} UTC"


def _next_span(span: timedelta, rows: int) -> timedelta:
    """A span of about BATCH_ROWS rows, judged by the last one."""
    factor = BATCH_ROWS / rows if rows else 4
    return max(SHORTEST_SPAN, span * min(4, max(0.25, factor)))


def _connected(address: str) -> Connection:
    try:
        psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:  # whose text would show the password
        raise UnreadableFile(
            "The database's address is not understood. Write it as postgresql://USER:PASSWORD@HOST:5432/NAME."
        ) from None
    connection = psycopg.connect(address, autocommit=True, connect_timeout=10, application_name="usage_core")
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


@contextmanager
def _limited(connection: Connection) -> Iterator[Cursor]:
    """A transaction whose statements may take TIMEOUT_S each."""
    settings = {"statement_timeout": f"{TIMEOUT_S}s", "timezone": "UTC", "datestyle": "ISO"}
    with connection.transaction(), connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", (name, value))
        yield cursor


def _columns(connection: Connection) -> sql.Composed:
    """The table's columns that calls are read from."""
    listed = sql.SQL(
        "SELECT attname FROM pg_attribute "
        "WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped"
    ).format(TABLE.as_string(connection))
    with _limited(connection) as cursor:
        known = {str(row[0]) for row in cursor.execute(listed)}
    if not known >= NEEDED:
        missing = ", ".join(sorted(NEEDED - known))
        raise UnreadableFile(
            f"The database {connection.info.dbname} has no spend log of LiteLLM: "
            f"the table {TABLE.as_string(connection)} has to have the columns {missing}."
        )
    headings = [heading for names in litellm.FORMAT.columns.values() for heading in names]
    return sql.SQL(", ").join(sql.Identifier(each) for each in headings if each in known)


def _mark(connection: Connection) -> str:
    """Under what name the store keeps how far this database was read."""
    info = connection.info
    return f"synced litellm {info.host}:{info.port}/{info.dbname}"


def _first_line(error: psycopg.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)

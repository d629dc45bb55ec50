"""A scratch database for one import, gone when the import ends, however it ends.

It lies in memory as far as there is room (see `engine.memory_mb`) and on disk beyond that: unpacked, since
packing its rows and unpacking them once takes longer than everything else that is done to them.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from usage_core.store.lake import Lake
from usage_core.store.maintenance import Report
from usage_core.store.room import told_when_full
from usage_core.store.scratch import Scratch, scratch

POLL_SECONDS = 0.1


class Staging:
    """The scratch database: `folder` for files, `name` to qualify tables with, `connection` to it."""

    def __init__(self, scratch: Scratch, connection: sa.Connection, report: Report) -> None:
        """Attach a new scratch database to a connection that commits every statement."""
        self.name, self.folder = scratch.name, scratch.path
        self.report = report
        self.codes: Mapping[str, str] = {}
        """The fields of `checked` that are no texts, but of a type of all their texts (see `foreseen`)."""
        self.connection = connection
        self._native: Any = connection.connection.driver_connection
        self.run(f"ATTACH ':memory:' AS {self.name}")
        # Names are looked up here first, so that a statement that needs nothing of the store does not
        # begin a transaction on its catalog. Without `main` the name would be looked for in there.
        self.run("USE {s}.main")
        # Every piece of work is reported to it, which takes its time: so only where somebody looks.
        self.run("SET enable_progress_bar = true")

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run DuckDB SQL; `{s}` in it stands for this scratch database."""
        rows: list[tuple[Any, ...]] = self._native.execute(sql.replace("{s}", self.name), values).fetchall()
        return rows

    def put(self, name: str, table: pa.Table) -> None:
        """Make a table of the scratch database from an Arrow table."""
        self._native.register("given_table", table)
        try:
            self.run(f"CREATE OR REPLACE TABLE {{s}}.{name} AS SELECT * FROM given_table")
        finally:
            self._native.unregister("given_table")

    def run_watched(self, doing: str, sql: str, *values: object) -> None:
        """Run a long statement, reporting how far it is."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(doing, done), daemon=True)
        self.report(doing, None)
        watcher.start()
        try:
            self.run(sql, *values)
        finally:
            done.set()
            watcher.join()

    def _watch(self, doing: str, done: threading.Event) -> None:
        while not done.wait(POLL_SECONDS):
            percent = float(self._native.query_progress())
            if percent >= 0:
                self.report(doing, min(percent / 100, 1.0))


@contextmanager
def staging(lake: Lake, report: Report) -> Iterator[Staging]:
    """A scratch database for the length of a `with` block.

    Raises:
        StoreUnavailable: there is no room for what is put into it, or done in the block.
        GivenUp: the program has to end.
    """
    with (
        scratch(lake.folder / "staging", "stage") as mine,
        told_when_full(lake.folder),
        lake.engine.connect() as connection,
        lake.underway.work(connection),
    ):
        stage = Staging(mine, connection.execution_options(isolation_level="AUTOCOMMIT"), report)
        try:
            yield stage
        finally:
            stage.run("SET enable_progress_bar = false")
            stage.run("USE lake.main")
            stage.run("DETACH {s}")

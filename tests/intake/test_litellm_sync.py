"""A LiteLLM proxy's spend log is read out of a real PostgreSQL: once, in batches, and only what is new."""

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks import postgres
from benchmarks.postgres import Cluster
from tests.importing import Shelf
from usage_core.errors import UnreadableFile
from usage_core.intake import litellm_sync
from usage_core.intake.litellm_sync import Sync
from usage_core.store.tables import WORKSPACE

SCHEMA = """
    CREATE TABLE "LiteLLM_SpendLogs" (
        request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '',
        spend double precision NOT NULL DEFAULT 0, total_tokens integer NOT NULL DEFAULT 0,
        prompt_tokens integer NOT NULL DEFAULT 0, completion_tokens integer NOT NULL DEFAULT 0,
        "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL, request_duration_ms integer,
        "completionStartTime" timestamp(3), model text NOT NULL DEFAULT '', model_id text DEFAULT '',
        model_group text DEFAULT '', custom_llm_provider text DEFAULT '', api_base text DEFAULT '',
        "user" text DEFAULT '', metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', messages jsonb,
        response jsonb, status text);
    CREATE INDEX ON "LiteLLM_SpendLogs" ("startTime");
    CREATE ROLE reader LOGIN;
    GRANT SELECT (
        request_id, call_type, api_key, spend, prompt_tokens, completion_tokens, "startTime", "endTime",
        request_duration_ms, "completionStartTime", model, model_group, custom_llm_provider, metadata,
        cache_hit, status
    ) ON "LiteLLM_SpendLogs" TO reader;
"""
ALIAS = """it's, "web"\nx"""
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of the test, not of its collection, which may be minutes ago."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    monkeypatch.setattr(sys.modules[__name__], "NOW", now)


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    try:
        postgres.binaries()
    except SystemExit as missing:
        pytest.skip(str(missing))
    # Not in pytest's own folder: PostgreSQL does not run as root, and another user has to reach it.
    with tempfile.TemporaryDirectory() as home, postgres.running(Path(home)) as cluster:
        cluster.psql(SCHEMA)
        yield cluster


@pytest.fixture
def cluster(server: Cluster, shelf: Shelf) -> Cluster:
    """A server with an empty spend log, and a store that knows nothing of it."""
    server.psql('TRUNCATE "LiteLLM_SpendLogs"')
    shelf.dirty = True
    with shelf.lake.writing() as connection:
        connection.execute(sa.delete(WORKSPACE).where(WORKSPACE.c.name.startswith("synced")))
    return server


def add(cluster: Cluster, *ended: datetime, name: str = "call") -> None:
    """Rows as the proxy writes them: a fraction of a second, a name with quotes and a line end."""
    metadata = json.dumps({"user_api_key_alias": ALIAS}).replace("'", "''")
    columns = "request_id, call_type, api_key, spend, prompt_tokens, completion_tokens, "
    columns += '"startTime", "endTime", model, custom_llm_provider, metadata, status'
    cluster.psql(
        ";".join(
            f'INSERT INTO "LiteLLM_SpendLogs" ({columns}) '  # noqa: S608
            f"VALUES ('{name}-{number}', 'acompletion', 'hash', 0.00125, 100, 25, "
            f"'{at - timedelta(seconds=2)}', '{at}', 'gpt-4o', 'openai', '{metadata}', 'success')"
            for number, at in enumerate(ended)
        )
    )


def address(cluster: Cluster) -> str:
    """As a user who may read what is needed and nothing else."""
    return f"postgresql://reader@/postgres?host={cluster.folder}"


def stored(sync: Sync) -> list[int]:
    return [receipt.rows_stored for receipt in sync.round()]


def test_only_what_is_new(shelf: Shelf, cluster: Cluster) -> None:
    sync = Sync(shelf.lake, address(cluster))
    assert stored(sync) == []
    add(cluster, NOW - timedelta(days=400), NOW - timedelta(days=2), NOW - timedelta(minutes=5))
    assert sum(stored(sync)) == 3
    names = ("source_call_id", "api_key_id", "api_key_name", "model", "input_tokens", "output_tokens")
    names = (*names, "completion_time_ms", "cost_pico", "cost_basis", "status")
    first = shelf.stored(None, *names)[0]
    assert first[1:] == ("hash", ALIAS, "gpt-4o", 100, 25, 2000, 1_250_000_000, "recorded", "ok")
    assert stored(sync) == [], "what was read in the overlap is not read again"
    # Written late: their calls ended before what was read last.
    add(cluster, NOW - timedelta(minutes=10), NOW - timedelta(minutes=4), name="late")
    assert sum(stored(sync)) == 2
    another = [(each.rows_stored, each.rows_duplicate) for each in Sync(shelf.lake, address(cluster)).round()]
    assert another == [(0, 3)]
    assert len(shelf.stored()) == 5


def test_it_goes_on_where_it_was_stopped(
    shelf: Shelf, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm_sync, "BATCH_ROWS", 4)
    add(cluster, *(NOW - timedelta(minutes=20 * n) for n in range(1, 13)))
    batches = Sync(shelf.lake, address(cluster)).round()
    before = next(batches).rows_stored + next(batches).rows_stored
    batches.close()  # as when the process is killed: the second batch is stored, but not noted
    assert 0 < before < 12
    again = list(Sync(shelf.lake, address(cluster)).round())
    assert len(again) > 1
    assert before + sum(each.rows_stored for each in again) == 12 == len(shelf.stored())


def test_errors_in_words(shelf: Shelf, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def why(given: str) -> str:
        with pytest.raises(UnreadableFile) as error:
            stored(Sync(shelf.lake, given))
        assert "secret" not in str(error.value)
        return str(error.value)

    assert "has no spend log of LiteLLM" in why(address(cluster).replace("/postgres?", "/template1?"))
    assert "cannot be read: " in why(f"postgresql://reader:secret@/postgres?host={cluster.folder}/none")
    assert "is not understood" in why("secret=")
    add(cluster, NOW)
    cluster.psql(
        'ALTER TABLE "LiteLLM_SpendLogs" RENAME TO kept; CREATE VIEW "LiteLLM_SpendLogs" AS '
        "SELECT * FROM kept WHERE pg_sleep(1.2)::text = ''; "
        'GRANT SELECT ON "LiteLLM_SpendLogs" TO reader'
    )
    monkeypatch.setattr(litellm_sync, "TIMEOUT_S", 1)
    try:
        assert "took longer than 1 seconds" in why(address(cluster))
    finally:
        cluster.psql('DROP VIEW "LiteLLM_SpendLogs"; ALTER TABLE kept RENAME TO "LiteLLM_SpendLogs"')


def test_nothing_can_be_written(cluster: Cluster) -> None:
    with litellm_sync._connected(address(cluster)) as connection, litellm_sync._limited(connection) as cursor:
        assert cursor.execute("SHOW transaction_read_only").fetchone() == ("on",)
        assert cursor.execute("SHOW statement_timeout").fetchone() == ("30s",)

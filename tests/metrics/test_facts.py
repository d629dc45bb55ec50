"""What a store holds whatever is selected: its extent, its names, its receipts."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.by_hand import call, held
from usage_core.metrics.facts import Directory, Holdings, directory, holdings, receipts, unique_names
from usage_core.store import rollups
from usage_core.store.tables import IMPORTS

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC).replace(tzinfo=None)
HOUR = timedelta(hours=1)


def test_an_empty_store(engine: sa.Engine) -> None:
    with held(engine, []) as connection:
        assert holdings(connection) == Holdings(0, None, None)
        assert directory(connection) == Directory({}, (), (), ())
        assert receipts(connection) == []


def test_holdings(engine: sa.Engine) -> None:
    with held(engine, [call(NOON + n * HOUR) for n in (2, 0, 1)]) as connection:
        found = holdings(connection)
    assert found == Holdings(3, NOON.replace(tzinfo=UTC), (NOON + 2 * HOUR).replace(tzinfo=UTC))


def test_the_directory_has_every_value_once_and_in_order(engine: sa.Engine) -> None:
    rows = [
        call(NOON, api_key_id="k1", api_key_name="Bot", provider="openai", model="b"),
        call(NOON, api_key_id="k2", api_key_name="anna", provider="anthropic", model="a"),
        call(NOON, api_key_id="k3", model="b", kind="embedding"),
    ]
    with held(engine, [*rows, *rows]) as connection:
        rollups.rebuild(connection, "UTC")
        found = directory(connection)
    assert list(found.key.items()) == [("k2", "anna"), ("k1", "Bot"), ("k3", "k3")]
    assert sorted(found.provider, key=str) == [None, "anthropic", "openai"]
    assert (found.model, found.kind) == (("a", "b"), ("completion", "embedding"))


def test_a_key_has_the_name_it_was_last_seen_with(engine: sa.Engine) -> None:
    named = {0: "old", 1: "new", 2: None}
    rows = [call(NOON + n * HOUR, api_key_name=name) for n, name in named.items()]
    with held(engine, [rows[1], rows[2], rows[0]]) as connection:
        rollups.rebuild(connection, "UTC")
        assert directory(connection).key == {"key-a": "new"}


def test_names_that_several_keys_share_are_told_apart() -> None:
    found = unique_names({"0123456789": "Bot", "abcdefghij": "Bot", "k": " Anna ", "n": None, "e": "  "})
    assert found == {
        "k": "Anna",
        "0123456789": "Bot (01234567)",
        "abcdefghij": "Bot (abcdefgh)",
        "e": "e",
        "n": "n",
    }
    assert list(found) == ["k", "0123456789", "abcdefghij", "e", "n"]


def test_keys_that_begin_alike_are_told_apart() -> None:
    found = unique_names({"sk-proj-1": "Bot", "sk-proj-2": "Bot"})
    assert found == {"sk-proj-1": "Bot (sk-proj-1)", "sk-proj-2": "Bot (sk-proj-2)"}


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "a (b)", "a (a)", "a (a) (2)", "12345678", "123456789", "1234567890"]),
        st.sampled_from([None, "", "a", "b", " a", "a (b)", "a (a)", "a (12345678)", "a (123456789)"]),
    )
)
def test_names_are_unique_whatever_they_are(names: dict[str, str | None]) -> None:
    found = unique_names(names)
    assert found.keys() == names.keys()
    assert len(set(found.values())) == len(found)
    assert all(name.strip() for name in found.values())
    assert all(name.startswith((names[key] or "").strip() or key) for key, name in found.items())


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_receipts_come_newest_first(engine: sa.Engine, limit: int) -> None:
    numbers = {c.name: 0 for c in IMPORTS.columns if isinstance(c.type, sa.BigInteger)}
    texts = {c.name: "x" for c in IMPORTS.columns if isinstance(c.type, sa.String)}
    with held(engine, []) as connection:
        for n in (1, 0, 2):
            row = {**numbers, **texts, "import_id": str(n), "imported_at": NOON + n * HOUR}
            connection.execute(IMPORTS.insert(), row)
        found = receipts(connection, limit)
    assert [row["import_id"] for row in found] == ["2", "1", "0"][:limit]
    assert all(row.keys() == set(IMPORTS.columns.keys()) for row in found)

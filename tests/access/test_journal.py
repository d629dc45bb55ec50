"""The audit log is only ever added to; a sign-in can be ended."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from usage_core.access.journal import FILE, Event, Journal

ANOTHER = "INTO audit (entry, at, event, what) VALUES (1, '2026-11-01 09:00:00.000000', 'signed in', 'eve')"
CHANGES = (
    "UPDATE audit SET who = 'eve'",
    "DELETE FROM audit",
    f"INSERT OR REPLACE {ANOTHER}",
    f"INSERT {ANOTHER} ON CONFLICT (entry) DO UPDATE SET what = 'eve'",
)


def test_entries_stay_as_they_are(tmp_path: Path) -> None:
    journal, other = Journal(tmp_path), Journal(tmp_path)
    journal.record(Event.SIGNED_IN, "ada@example.com", "administrator")
    other.record(Event.EXPORTED, None, "all calls", 12)
    found = list(journal.entries())
    assert [(each.event, each.who, each.what, each.rows) for each in found] == [
        ("exported", None, "all calls", 12),
        ("signed in", "ada@example.com", "administrator", None),
    ]
    assert abs(found[0].at - datetime.now(UTC)) < timedelta(minutes=1)
    assert [each.number for each in journal.entries(limit=1)] == [2]
    with sqlite3.connect(tmp_path / FILE) as file:
        for change in CHANGES:
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                file.execute(change)
    file.close()
    journal.close()
    other.close()


def test_ended_sign_ins(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    now = datetime.now(UTC)
    assert not journal.has_ended("s", "ada@example.com", now)
    journal.end(sign_in="s")
    assert journal.has_ended("s", "ada@example.com", now)
    assert not journal.has_ended("t", "ada@example.com", now - timedelta(hours=1))
    journal.end(email="Ada@example.com")
    assert journal.has_ended("t", "ada@example.com", now - timedelta(hours=1))
    assert not journal.has_ended("t", "ada@example.com", now + timedelta(hours=1))
    assert not journal.has_ended("t", "eve@example.com", now - timedelta(hours=1))
    with sqlite3.connect(tmp_path / FILE) as file:
        for change in ("DELETE FROM ended_sign_ins", "UPDATE ended_sign_ins SET sign_in = 'u'"):
            with pytest.raises(sqlite3.IntegrityError, match="stay ended"):
                file.execute(change)
    file.close()
    journal.close()

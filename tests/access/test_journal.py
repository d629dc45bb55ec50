"""The audit log is only ever added to; a sign-in can be ended."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from usage_core.access.journal import FILE, Event, Journal


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
        for change in ("UPDATE audit SET who = 'eve'", "DELETE FROM audit"):
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
    journal.close()

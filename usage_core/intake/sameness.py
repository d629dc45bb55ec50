"""When two rows are one call, as DuckDB SQL that adds the row ids of staged duplicates to `duplicates`.

An id that a source gives a call is the same in two exports, and often in two systems: a proxy logs the id
that the provider answered with. A short one may be just a number, so that across formats it only counts
with the same time.
"""

from usage_core.schema import IDENTITY

LONG_ID = 16
"""Characters of an id that no two systems make up alike."""

NEAR = "INTERVAL 1 DAY"
"""How far apart two records of one call may be; two systems do not note the same moment."""

BY_ID = f"""
    INSERT INTO {{s}}.duplicates
    WITH named AS (
        SELECT row, source_call_id AS id, called_at FROM {{s}}.checked
        WHERE reason IS NULL AND source_call_id IS NOT NULL),
    stored AS (
        SELECT DISTINCT source_call_id AS id, called_at, source FROM lake.calls
        WHERE called_at BETWEEN $1::TIMESTAMP - {NEAR} AND $2::TIMESTAMP + {NEAR}
            AND source_call_id IN (SELECT id FROM named))
    SELECT n.row FROM named n JOIN stored s ON n.id = s.id
    WHERE s.called_at BETWEEN n.called_at - {NEAR} AND n.called_at + {NEAR}
        AND (length(n.id) >= {LONG_ID} OR s.source = $3 OR s.called_at = n.called_at)
    UNION
    SELECT row FROM (
        SELECT row, called_at - lag(called_at) OVER (PARTITION BY id ORDER BY called_at, row) AS later
        FROM named)
    WHERE later <= {NEAR}
"""
"""Calls with an id that is in the store, or earlier in the file. $1 and $2 are the file's first and last
moment, $3 is its format."""

_FIELDS = [name for name in IDENTITY if name != "source_call_id"]
_EQUAL = " AND ".join(f"c.{name} IS NOT DISTINCT FROM s.{name}" for name in _FIELDS)
_LISTED = ", ".join(_FIELDS)


def by_fields(among: str) -> str:
    """Calls `among` rows, a table with the columns of `checked`, that equal as many in the store.

    One with an id equals only those without, since another id is another call. $1 and $2 are the file's first
    and last moment.
    """
    return f"""
    INSERT INTO {{s}}.duplicates
    WITH stored AS (
        SELECT {_LISTED}, count(*) AS copies,
            count(*) FILTER (source_call_id IS NULL) AS nameless, row_number() OVER () AS id
        FROM lake.calls WHERE called_at BETWEEN $1 AND $2
            AND called_at IN (SELECT called_at FROM {among} WHERE reason IS NULL)
        GROUP BY {_LISTED})
    SELECT row FROM (
        SELECT c.row, CASE WHEN c.source_call_id IS NULL THEN s.copies ELSE s.nameless END AS copies,
            row_number() OVER (
                PARTITION BY s.id, c.source_call_id IS NULL ORDER BY c.row) AS copy
        FROM {among} c JOIN stored s ON {_EQUAL}
        WHERE c.reason IS NULL AND c.row NOT IN (SELECT row FROM {{s}}.duplicates))
    WHERE copy <= copies
    """


MANY_ROWS = 100_000
"""A file of more is compared sooner by what its rows are but once."""

_OWN = f"hash({_LISTED}, source_call_id IS NULL)"
_GOOD = "FROM {s}.checked WHERE reason IS NULL"
AGAIN = f"""
    CREATE TABLE {{s}}.again AS
    SELECT * {_GOOD} AND {_OWN} IN (SELECT {_OWN} {_GOOD} GROUP BY {_OWN} HAVING count(*) > 1)
"""
"""The rows that may equal others of their file, in `again`."""

APART = """
    CREATE TABLE {s}.apart AS
    SELECT row, called_at FROM {s}.again
    UNION ALL SELECT row, called_at FROM {s}.checked WHERE row IN (SELECT row FROM {s}.duplicates)
"""
"""Those, and what was found by its id: in `apart`."""

_PORTION = "called_at >= $1 AND called_at < $2"
ONCE = "INSERT INTO {s}.duplicates " + " UNION ALL ".join(
    f"""
    SELECT row FROM {{s}}.checked c SEMI JOIN (
        SELECT {_LISTED} FROM lake.calls WHERE {_PORTION}{stored}) s ON {_EQUAL}
    WHERE reason IS NULL AND {_PORTION} AND {given}
        AND row NOT IN (SELECT row FROM {{s}}.apart WHERE {_PORTION})
    """
    for given, stored in (
        ("source_call_id IS NULL", ""),
        ("source_call_id IS NOT NULL", " AND source_call_id IS NULL"),
    )
)
"""What `by_fields` finds among the other rows made from $1 until $2: nothing has to be counted for that."""

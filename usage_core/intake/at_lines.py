"""Where rows of a staged file stand in it."""


def at_lines(rows: str) -> str:
    """SQL for `line`, `field`, `value`, `reason` and `original` of a query's rows, from their `record`, if
    the reader knows it, and `row`, their place among those that were loaded.

    Rows of a CSV file are numbered without the broken records between them, so a row's record is its row id
    plus one plus the broken records before it; its line is the record plus the shift in force there.
    """
    return f"""
        WITH gaps AS (
            SELECT rows_before, max(n) AS n FROM (
                SELECT record - row_number() OVER (ORDER BY record) AS rows_before,
                       row_number() OVER (ORDER BY record) AS n
                FROM {{s}}.broken WHERE record IS NOT NULL)
            GROUP BY rows_before),
        found AS (
            SELECT coalesce(c.record, c.row + 1 + coalesce(g.n, 0)) AS record, c.field, c.value, c.reason,
                   c.original
            FROM {rows} c ASOF LEFT JOIN gaps g ON c.row >= g.rows_before)
        SELECT found.record + l.line - l.record AS line, field, value, reason, original
        FROM found ASOF JOIN {{s}}.lines l ON found.record >= l.record
    """

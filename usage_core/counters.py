"""What the console counts of its own work, for Prometheus: no name, no key, no address is among it."""

from prometheus_client import Counter, Histogram

QUERY_SECONDS = Histogram(
    "usage_query_seconds",
    "Time a question took to be computed; those whose answer was known are not among them",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60),
)
QUERIES_FAILED = Counter(
    "usage_queries_failed", "Questions that were not answered: too long, given up, or an error", ["why"]
)
EXPORTS = Counter("usage_exports", "Files of calls that were sent, whole or in part")
EXPORTED_ROWS = Counter("usage_exported_rows", "Calls in them")
EXPORTS_PUT_OFF = Counter("usage_exports_put_off", "Files that were not sent because too many were already")
IMPORTS = Counter(
    "usage_imports", "Files brought in by this process: stored, set aside (in part), refused", ["outcome"]
)
IMPORTED_ROWS = Counter("usage_imported_rows", "Calls stored from them")
SIGN_INS = Counter("usage_sign_ins", "Sign-ins, and those refused", ["outcome"])
TURNED_AWAY = Counter("usage_requests_turned_away", "Requests that were not let through", ["status"])
SCRIPT_ERRORS = Counter("usage_page_errors", "Pages that ended in an error nobody expected")


def imported(outcome: str, rows: int | None) -> None:
    """Count a file that was brought in: how it went, and the calls stored from it."""
    IMPORTS.labels(outcome).inc()
    IMPORTED_ROWS.inc(rows or 0)

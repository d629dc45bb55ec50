"""Files of sums that are not imported: what to say of them, and what to import instead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """A kind of file that adds calls up."""

    headings: frozenset[str]
    """Columns, or keys of its objects, in lower case, that are all there."""
    what: str
    """What it holds, behind "holds"."""
    instead: str
    """What to do instead, as a sentence."""


_AS_A_BILL = "As a bill they can be checked against the calls on the page Reconcile."

KNOWN = (
    Refused(
        frozenset({"starttime", "spend", "users", "models"}),
        "LiteLLM's spend by day",
        "Ask the proxy for the calls with summarize=false: "
        "GET /spend/logs?start_date=2026-08-01&end_date=2026-08-31&summarize=false",
    ),
    Refused(
        frozenset({"date", "api_key", "model", "api_requests", "successful_requests"}),
        "LiteLLM's spend by day",
        'The calls are in the table "LiteLLM_SpendLogs", which `sync litellm` reads, too.',
    ),
    Refused(
        frozenset({"period_start", "period_end", "org_id", "messages"}),
        "Langdock's messages by project",
        "Export the usage by API key or by model instead, or the API usage, which has a row for each call.",
    ),
    Refused(
        frozenset({"object", "start_time", "end_time", "results"}),
        "OpenAI's costs, or a period without any usage",
        _AS_A_BILL,
    ),
    Refused(
        frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"}),
        "OpenAI's costs, or days without any usage",
        _AS_A_BILL,
    ),
    Refused(
        frozenset({"starting_at", "ending_at", "results"}),
        "Anthropic's costs, or a period without any usage",
        _AS_A_BILL,
    ),
    Refused(frozenset({"usage_date_utc", "workspace", "usage_type"}), "Anthropic's costs by day", _AS_A_BILL),
)

"""Files that are known to hold sums, not calls: what to say of them, and where the calls are instead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """A kind of file that adds calls up."""

    headings: frozenset[str]
    """Columns, or keys of its objects, in lower case, that are all there."""
    what: str
    """What it holds, behind "holds"."""
    instead: str
    """Where the calls are, as a sentence."""


_AS_A_BILL = "As a bill it can be checked against the calls on the page Reconcile."

KNOWN = (
    Sums(
        frozenset({"starttime", "spend", "users", "models"}),
        "LiteLLM's spend by day",
        "Ask the proxy for the calls with summarize=false: "
        "GET /spend/logs?start_date=2026-08-01&end_date=2026-08-31&summarize=false",
    ),
    Sums(
        frozenset({"date", "api_key", "model", "api_requests", "successful_requests"}),
        "LiteLLM's spend by day",
        'The calls are in the table "LiteLLM_SpendLogs", which `sync litellm` reads, too.',
    ),
    Sums(
        frozenset({"period_start", "period_end", "org_id"}),
        "Langdock's usage by period",
        "Export the API usage instead, which has a row for each call.",
    ),
    Sums(
        frozenset({"date", "slug", "usage", "requests"}),
        "OpenRouter's usage by day",
        f"The activity export has the calls, with a generation_id each. {_AS_A_BILL}",
    ),
    Sums(
        frozenset({"object", "start_time", "end_time", "results"}),
        "OpenAI's usage or costs by period",
        f"OpenAI has no list of calls. {_AS_A_BILL}",
    ),
    Sums(
        frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"}),
        "OpenAI's usage or costs by period",
        f"OpenAI has no list of calls. {_AS_A_BILL}",
    ),
    Sums(
        frozenset({"starting_at", "ending_at", "results"}),
        "Anthropic's usage or costs by period",
        f"Anthropic has no list of calls. {_AS_A_BILL}",
    ),
    Sums(
        frozenset({"usage_date_utc", "workspace", "usage_type"}),
        "Anthropic's usage or costs by day",
        f"Anthropic has no list of calls. {_AS_A_BILL}",
    ),
    Sums(
        frozenset({"start_time_iso", "end_time_iso", "api_key_name", "price", "amount"}),
        "DeepSeek's usage by period",
        "DeepSeek has no list of calls.",
    ),
)

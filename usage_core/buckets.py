"""The record of a usage bucket: what a source adds up of one key's use of a model over a period.

A bucket is no call: it has no time of its own, no duration, and often no number of calls. Where a source
tells a dimension apart for none of its buckets, that dimension is empty.
"""

from usage_core.schema import Column, Form

_TOKENS = "whole number, 0 or more"

COLUMNS = (
    Column(Form.INSTANT, "Period Start", "Its first moment, in UTC", required=True, name="period_start"),
    Column(Form.INSTANT, "Period End", "The moment just after it, in UTC", required=True, name="period_end"),
    Column(Form.TEXT, "Meter", "Whose count it is, and of what", required=True, name="meter"),
    Column(Form.TEXT, "API Key ID", "The key", name="api_key_id"),
    Column(Form.TEXT, "API Key Name", "Its name", name="api_key_name"),
    Column(Form.TEXT, "Project", "The project or workspace of the key", name="project"),
    Column(Form.TEXT, "Provider", "Who served the model", name="provider"),
    Column(Form.TEXT, "Model", "The model, as the source spells it", name="model"),
    Column(Form.TEXT, "Call Kind", "completion, embedding or other", required=True, name="kind"),
    Column(Form.TEXT, "Service Tier", "As the source spells it", name="service_tier"),
    Column(Form.WHOLE, "Calls", "Number of calls", _TOKENS, name="calls"),
    Column(Form.WHOLE, "Input Tokens", "Tokens sent, all classes together", _TOKENS, name="input_tokens"),
    Column(Form.WHOLE, "Cache Read Tokens", "Of these, read from a cache", _TOKENS, name="cache_read_tokens"),
    Column(
        Form.WHOLE, "Cache Write Tokens", "Of these, written to a cache", _TOKENS, name="cache_write_tokens"
    ),
    Column(
        Form.WHOLE,
        "Cache Write 1h Tokens",
        "Of those written, kept for an hour",
        _TOKENS,
        name="cache_write_1h_tokens",
    ),
    Column(Form.WHOLE, "Output Tokens", "Tokens received", _TOKENS, name="output_tokens"),
    Column(Form.PICO, "Cost (USD)", "What the source says it cost", "plain decimal, exact", name="cost_pico"),
)
"""What a source says of a bucket, in order; what is empty is unknown."""

BY_NAME = {column.name: column for column in COLUMNS}

COUNTS = (
    "calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
)
"""What adds up."""

TOLD_APART = {"key": 8, "model": 4, "project": 2, "service_tier": 1}
"""Dimensions -> what telling it apart adds to the detail of a file's buckets."""

WIDTHS = ((90, 0), (2 * 3600, 1), (26 * 3600, 2), (8 * 86_400, 3))
"""The longest period of each width, in seconds, and the width: minutes, hours, days, weeks; else LONGEST."""

LONGEST = 4

DETAIL = 10
"""A bucket's `rank` is DETAIL times the detail of its file, plus its width. Of two counts of the same use
the one with the higher rank counts: what is told in more detail, else by the longer period."""

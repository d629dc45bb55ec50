"""The record of one API call, defined once.

Table, export header, importer checks, screen labels and the README's table all derive from
`Call`. The first ten fields are the export; the rest is the detail the ten cannot hold.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Annotated, get_type_hints

PRICE_DIGITS, PRICE_PLACES = 12, 6
"""Prices are USD per million tokens, DECIMAL(12, 6)."""

PICO_PLACES = 12
"""Costs are whole pico-USD: tokens x (USD per million tokens x 10^6)."""

MAX_PICO = 2**63 - 1
"""The largest cost one call can hold, about 9.2 million USD."""


class Kind(StrEnum):
    """What a call asked for; it tells whether empty output tokens are not applicable or unknown."""

    COMPLETION = "completion"
    EMBEDDING = "embedding"
    OTHER = "other"


class CostBasis(StrEnum):
    """Where a call's cost comes from."""

    ROW = "row"
    RECORDED = "recorded"
    OVERRIDE = "override"
    CATALOGUE = "catalogue"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """How a call ended."""

    OK = "ok"
    ERROR = "error"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """How a call was served where it was not served as usual; each has prices of its own."""

    BATCH = "batch"
    FLEX = "flex"
    PRIORITY = "priority"


class Form(StrEnum):
    """How a field is held and written."""

    INSTANT = "instant"
    TEXT = "text"
    WHOLE = "whole number"
    PRICE = "price"
    PICO = "pico-USD"


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a call: how it is held, named, written, and what empty means."""

    form: Form
    label: str
    meaning: str
    written: str = "text"
    empty: str = "unknown"
    required: bool = False
    identity: bool = False
    """True where the field tells one call from another (used to find duplicates)."""
    name: str = ""


_TOKENS = "whole number, 0 or more"
_PRICE = "plain decimal, two to six places"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a language-model API. Times are UTC; prices are USD per million tokens."""

    called_at: Annotated[
        datetime,
        Column(
            Form.INSTANT,
            "Date",
            "When the call was made, in UTC",
            "`2026-08-03T09:14:07.412Z`, up to six fractional digits",
            empty="refused",
            required=True,
            identity=True,
        ),
    ]
    api_key_id: Annotated[
        str,
        Column(
            Form.TEXT,
            "API Key ID",
            "The key that made the call",
            empty="refused",
            required=True,
            identity=True,
        ),
    ]
    api_key_name: Annotated[
        str | None, Column(Form.TEXT, "API Key Name", "The key's name at the time of the call")
    ]
    provider: Annotated[
        str | None,
        Column(Form.TEXT, "Provider", "Who served the model, as the source spells it", identity=True),
    ]
    model: Annotated[
        str,
        Column(
            Form.TEXT,
            "Model",
            "The model, as the source spells it",
            empty="refused",
            required=True,
            identity=True,
        ),
    ]
    input_tokens: Annotated[
        int | None,
        Column(Form.WHOLE, "Input Tokens", "Tokens sent, all classes together", _TOKENS, identity=True),
    ]
    output_tokens: Annotated[
        int | None,
        Column(
            Form.WHOLE,
            "Output Tokens",
            "Tokens received",
            _TOKENS,
            empty="not applicable (embedding), or unknown",
            identity=True,
        ),
    ]
    completion_time_ms: Annotated[
        int | None,
        Column(
            Form.WHOLE,
            "Completion Time (ms)",
            "From request to last byte, in milliseconds",
            _TOKENS,
            identity=True,
        ),
    ]
    input_price: Annotated[
        Decimal | None,
        Column(Form.PRICE, "Input Token Price (USD/1M tokens)", "Price of a million input tokens", _PRICE),
    ]
    output_price: Annotated[
        Decimal | None,
        Column(
            Form.PRICE,
            "Output Token Price (USD/1M tokens)",
            "Price of a million output tokens",
            _PRICE,
            empty="not applicable (embedding), or unknown",
        ),
    ]
    kind: Annotated[Kind, Column(Form.TEXT, "Call Kind", "completion, embedding or other", required=True)] = (
        Kind.COMPLETION
    )
    cost_pico: Annotated[
        int | None, Column(Form.PICO, "Cost (USD)", "What the call cost, exact", "plain decimal, exact")
    ] = None
    cost_basis: Annotated[
        CostBasis,
        Column(Form.TEXT, "Cost Basis", "Where the cost comes from", required=True),
    ] = CostBasis.UNKNOWN
    cache_read_tokens: Annotated[
        int | None, Column(Form.WHOLE, "Cache Read Tokens", "Input tokens read from a cache", _TOKENS)
    ] = None
    cache_write_tokens: Annotated[
        int | None, Column(Form.WHOLE, "Cache Write Tokens", "Input tokens written to a cache", _TOKENS)
    ] = None
    cache_write_1h_tokens: Annotated[
        int | None,
        Column(Form.WHOLE, "Cache Write 1h Tokens", "Of these, kept for an hour", _TOKENS),
    ] = None
    reasoning_tokens: Annotated[
        int | None, Column(Form.WHOLE, "Reasoning Tokens", "Output tokens spent on reasoning", _TOKENS)
    ] = None
    time_to_first_token_ms: Annotated[
        int | None,
        Column(Form.WHOLE, "Time to First Token (ms)", "From request to first token", _TOKENS),
    ] = None
    status: Annotated[Status, Column(Form.TEXT, "Status", "ok, error or unknown", required=True)] = (
        Status.UNKNOWN
    )
    service_tier: Annotated[
        Tier | None,
        Column(Form.TEXT, "Service Tier", "batch, flex or priority", empty="served as usual, or not said"),
    ] = None
    source: Annotated[
        str | None, Column(Form.TEXT, "Source", "The format the call was read from", required=True)
    ] = None
    source_call_id: Annotated[
        str | None, Column(Form.TEXT, "Source Call ID", "The source's own id of the call", identity=True)
    ] = None
    import_id: Annotated[
        str | None, Column(Form.TEXT, "Import ID", "The import that stored the call", required=True)
    ] = None


def _columns() -> tuple[Column, ...]:
    hints = get_type_hints(Call, include_extras=True)
    fields = [(name, hint.__metadata__[0]) for name, hint in hints.items()]
    return tuple(
        Column(**{slot: getattr(column, slot) for slot in Column.__slots__ if slot != "name"}, name=name)
        for name, column in fields
    )


COLUMNS = _columns()
"""Every field of a call, in order."""

EXPORT_COLUMNS = COLUMNS[:10]
"""The ten columns of the export, in order."""

BY_NAME = {column.name: column for column in COLUMNS}

EXPORT_HEADER = ",".join(column.label for column in EXPORT_COLUMNS)
"""The exact first line of the CSV export."""

IDENTITY = tuple(column.name for column in COLUMNS if column.identity)
"""Fields that tell one call from another: neither a key's name nor a price is among them,
so a renamed key or a corrected price does not count a call twice."""


def cost_pico(
    input_tokens: int | None,
    output_tokens: int | None,
    input_price: Decimal | None,
    output_price: Decimal | None,
    kind: Kind = Kind.COMPLETION,
) -> int | None:
    """The exact cost in pico-USD, or None where a price or count that matters is unknown.

    A part with no tokens costs nothing whatever its price; an embedding has no output part.
    """
    if output_tokens is None and kind is Kind.EMBEDDING:
        output_tokens = 0
    total = 0
    for tokens, price in ((input_tokens, input_price), (output_tokens, output_price)):
        if tokens is None or (price is None and tokens > 0):
            return None
        if price is not None:
            total += tokens * int(price.scaleb(PRICE_PLACES))
    return total


_WIDE = Context(prec=80)
"""Python's own context rounds to 28 digits, which a sum of absurd prices may have more of."""


def usd(pico: int) -> Decimal:
    """Pico-USD as an exact decimal amount of USD."""
    return Decimal(pico).scaleb(-PICO_PLACES, _WIDE)


def pico_usd(amount: Decimal) -> int:
    """An amount of USD as pico-USD; the inverse of `usd`."""
    return int(amount.scaleb(PICO_PLACES, _WIDE))

"""The checks every row passes, as DuckDB SQL derived from the record: typed values, or a reason.

Values are made first, the reasons for refusing them after, in a query around it. Every row passes
here, so each value has a cheap expression for the usual spelling and a costly one for the rarer ones,
and a reason is looked for only where the value itself does not already show that the field is good.
"""

from dataclasses import dataclass

from usage_core.schema import (
    BY_NAME,
    EXPORT_COLUMNS,
    MAX_PICO,
    PRICE_PLACES,
    Column,
    Form,
    Kind,
    Status,
    Tier,
)
from usage_core.store.engine import literal
from usage_core.text_guard import UNGUARD_WHEN

LONGEST_TEXT = 4000
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_USD = MAX_PICO // 10**12 + 1
"""The product of a larger amount is an error to DuckDB, whatever it is tried to be cast to."""

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# Of what has this shape, the engine takes for a moment, beside those, some years before 1 and hours that are
# 24 or begin with a blank.
_USUAL_UTC = "{raw} LIKE '2___-__-__T__:__:__.___Z' AND substr({raw}, 12, 2) BETWEEN '00' AND '23'"
_UTC = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}:[0-5][0-9](?:[.][0-9]{{1,9}})?Z?"
_MOMENT = (
    f"(?i)([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?::[0-5][0-9](?:[.][0-9]{{1,9}})?)?)"
    "[ ]*(?:Z|UTC|([+-])(0[0-9]|1[0-8])(?::?([0-5][0-9]))?)?"
)
_PRICE = "[0-9]{1,6}(?:[.][0-9]{1,6})?"
_DECIMAL = "(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
# Below a million, which a decimal of 64 bits holds: a wide one takes ten times as long.
_USUAL_USD = "[0-9]{1,6}(?:[.][0-9]*)?(?:[eE]-[0-9]{1,2})?"

# Prices that went through binary floating point elsewhere end in noise such as 0.15000000000000002.
_FLOAT_NOISE = "0.000000001"


_BLANKS = "".join(character for character in map(chr, range(0x3001)) if character.isspace())


@dataclass(frozen=True, slots=True)
class Check:
    """SQL for a field's value, from its text, for whether that value is good, and for why it is not.

    The reason is asked only where the value is not good and the text is not blank.
    """

    value: str
    good: str
    reason: str


def raw_of(column: Column) -> str:
    """The column that holds a field's text."""
    return f"raw_{column.name}"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_full_match({raw}, {literal(pattern)})"


def _instant(column: Column) -> Check:
    raw, value = raw_of(column), column.name
    # A cast to TIMESTAMP drops an offset without a word, so the two are taken apart.
    text = f"trim({raw})"
    part = [f"regexp_extract({text}, {literal(_MOMENT)}, {group})" for group in (1, 2, 3, 4)]
    minutes = " + ".join(f"coalesce(try_cast({part[n]} AS INT), 0) * {m}" for n, m in ((2, 60), (3, 1)))
    shift = f"to_minutes(CASE WHEN {part[1]} = '-' THEN 1 ELSE -1 END * ({minutes}))"
    return Check(
        f"coalesce(CASE WHEN {_USUAL_UTC.format(raw=raw)} THEN try_cast({raw} AS TIMESTAMP) END, "
        f"CASE WHEN {_matches(raw, _UTC)} THEN try_cast({raw} AS TIMESTAMP) "
        f"WHEN {_matches(text, _MOMENT)} THEN try_cast(upper({part[0]}) AS TIMESTAMP) + {shift} END)",
        f"{value} >= TIMESTAMP '{FIRST_YEAR}-01-01' AND {value} < TIMESTAMP '{LAST_YEAR + 1}-01-01'",
        f"CASE WHEN {value} IS NULL THEN 'It is not a date and time such as 2026-08-03T09:14:07.412Z.' "
        f"ELSE 'It is outside the years {FIRST_YEAR} to {LAST_YEAR}.' END",
    )


GUARDED = f"starts_with({{raw}}, '''') AND regexp_matches({{raw}}, {literal(UNGUARD_WHEN)})"


def _text(column: Column) -> Check:
    raw, value = raw_of(column), column.name
    guarded = GUARDED.format(raw=raw)
    # `trim` of many characters is slow; a text that begins with a printable one is not blank.
    begins_filled = f"{value} > '!' AND {value} < '~'"
    filled = f"CASE WHEN {begins_filled} THEN true ELSE trim({value}, {literal(_BLANKS)}) <> '' END"
    return Check(
        f"CASE WHEN {guarded} THEN substr({raw}, 2) ELSE {raw} END",
        f"strlen({raw}) <= {LONGEST_TEXT}" + f" AND {filled}" * column.required,
        f"CASE WHEN strlen({raw}) > {LONGEST_TEXT} THEN 'It is longer than {LONGEST_TEXT:,} bytes.' "
        "ELSE 'It is empty.' END",
    )


def _whole(column: Column) -> Check:
    raw, value = raw_of(column), column.name
    text = f"trim({raw})"
    return Check(
        f"CASE WHEN strlen({raw}) <= 18 AND try_cast({raw} AS UBIGINT)::VARCHAR = {raw} "
        f"THEN CAST({raw} AS BIGINT) "
        f"WHEN {_matches(text, '[0-9]{1,18}(?:[.]0*)?')} THEN CAST(split_part({text}, '.', 1) AS BIGINT) END",
        f"{value} IS NOT NULL",
        f"CASE WHEN starts_with({text}, '-') "
        "THEN 'It is below 0; a whole number of 0 or more was expected.' "
        "ELSE 'It is not a whole number of 0 or more, such as 1200.' END",
    )


def _price(column: Column) -> Check:
    raw, value = raw_of(column), column.name
    text = f"trim({raw})"
    exact = f"try_cast({text} AS DECIMAL(38, 18))"
    plain = f"{_matches(text, _DECIMAL)} AND {exact} < 1000000"
    rounded = f"round({exact}, {PRICE_PLACES})"
    return Check(
        f"CASE WHEN {_matches(raw, _PRICE)} THEN CAST({raw} AS DECIMAL(12, {PRICE_PLACES})) "
        f"WHEN {plain} AND abs({exact} - {rounded}) <= {_FLOAT_NOISE} "
        f"THEN try_cast({rounded} AS DECIMAL(12, {PRICE_PLACES})) END",
        f"{value} IS NOT NULL",
        f"CASE WHEN {plain} THEN 'It has more than {PRICE_PLACES} decimal places.' "
        f"WHEN starts_with({text}, '-') THEN 'It is below 0; a price of 0 or more was expected.' "
        f"WHEN {_matches(text, _DECIMAL)} AND try_cast({text} AS DOUBLE) >= 1000000 "
        "THEN 'It is a million USD or more.' "
        "ELSE 'It is not a plain decimal number such as 2.50.' END",
    )


def _usd(column: Column) -> Check:
    """An amount of USD as pico-USD; what a source computed in floating point is rounded to that."""
    raw, value = raw_of(column), column.name
    text = f"trim({raw})"
    exact = f"try_cast({text} AS DECIMAL(38, 18))"
    return Check(
        f"coalesce(CASE WHEN {_matches(raw, _USUAL_USD)} "
        f"THEN CAST(try_cast({raw} AS DECIMAL(18, 12)) * {10**12} AS BIGINT) END, "
        f"CASE WHEN {_matches(text, _DECIMAL)} AND {exact} < {MAX_USD} "
        f"THEN try_cast(round({exact}, 12) * {10**12} AS BIGINT) END)",
        f"{value} IS NOT NULL",
        f"CASE WHEN starts_with({text}, '-') THEN 'It is below 0; a cost of 0 or more was expected.' "
        f"WHEN {_matches(text, _DECIMAL)} THEN 'It is more than 9 million USD.' "
        "ELSE 'It is not an amount of USD such as 0.0132.' END",
    )


_BY_FORM = {
    Form.INSTANT: _instant,
    Form.TEXT: _text,
    Form.WHOLE: _whole,
    Form.PRICE: _price,
    Form.PICO: _usd,
}

ONE_OF = {"kind": Kind, "status": Status, "service_tier": Tier}
"""Fields with few values; a source says which of its own mean which."""

DETAIL = tuple(
    BY_NAME[name]
    for name in (
        "kind",
        "cost_pico",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "reasoning_tokens",
        "time_to_first_token_ms",
        "status",
        "service_tier",
        "source_call_id",
    )
)
"""Fields beyond the ten that a source may have; `cost_pico` is the cost that it recorded itself, in USD."""

MORE_KEPT = "cache_write_1h_tokens > coalesce(cache_write_tokens, 0)"
MORE_KEPT_SAID = "'More tokens were kept in a cache for an hour than were written to one at all.'"
"""When a row's counts contradict each other, and why."""

STAGED = (*EXPORT_COLUMNS, *DETAIL)


def check_of(column: Column) -> Check:
    """The check of a field, by its form."""
    return _BY_FORM[column.form](column)


CHECKS = {column: check_of(column) for column in STAGED}
"""The check of each field; its text is the column `raw_NAME`, its value the column `NAME`."""

TYPES = {
    Form.INSTANT: "TIMESTAMP",
    Form.TEXT: "VARCHAR",
    Form.WHOLE: "BIGINT",
    Form.PRICE: f"DECIMAL(12, {PRICE_PLACES})",
    Form.PICO: "BIGINT",
}


def problem(column: Column, made: Check, *, must: bool) -> str:
    """SQL for why a row's field is refused, or NULL; it `must` be filled, or may be empty."""
    raw = raw_of(column)
    empty = "'It is empty.'" if must else "NULL"
    return (
        f"CASE WHEN {made.good} THEN NULL "
        f"WHEN {raw} IS NULL OR trim({raw}) = '' THEN {empty} ELSE {made.reason} END"
    )


PRICE_FACTOR = 10**PRICE_PLACES
"""A price times this is whole: pico-USD for a token."""

COST = f"""
    CASE WHEN input_tokens IS NULL OR (input_tokens > 0 AND input_price IS NULL)
           OR (output_tokens > 0 AND output_price IS NULL) THEN NULL
    ELSE input_tokens::HUGEINT * (coalesce(input_price, 0) * {10**PRICE_PLACES})::HUGEINT
       + coalesce(output_tokens, 0)::HUGEINT * (coalesce(output_price, 0) * {10**PRICE_PLACES})::HUGEINT END
"""
"""What a row costs in pico-USD if empty output tokens mean none; wide, since not every cost can be held."""

KIND = """
    CASE WHEN given_kind IS NOT NULL THEN given_kind
    WHEN output_tokens IS NULL AND (embeds OR (input_price IS NOT NULL AND output_price IS NULL))
    THEN 'embedding' ELSE 'completion' END
"""
"""What the source says; else empty output tokens mean an embedding where the catalogue knows the model
as one, or where the row itself has a price for input and none for output."""

COST_PICO = f"CASE WHEN output_tokens IS NOT NULL OR {KIND} = 'embedding' THEN cost END"
"""What a row costs in pico-USD, as `schema.cost_pico` has it: `cost`, but unknown where the row has an
output whose tokens are unknown."""

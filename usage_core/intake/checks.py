"""The checks every row passes, as DuckDB SQL derived from the record: typed values, or a reason.

Values are made first, the reasons for refusing them after, in a query around it. Every row passes
here, so each value has a cheap expression for the usual spelling and a costly one for the rarer ones,
and a reason is looked for only where the value itself does not already show that the field is good.
"""

from collections.abc import Collection, Mapping
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
LONGEST_ORIGINAL = 32_767
"""Characters kept of a text of a row that is set aside: as many as a cell of a spreadsheet holds."""
SHOWN_VALUE = 200
"""Characters kept of a value that was refused."""

MAX_USD = MAX_PICO // 10**12 + 1
"""The product of a larger amount is an error to DuckDB, whatever it is tried to be cast to."""

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_UTC = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}:[0-5][0-9](?:[.][0-9]{{1,9}})?Z?"
_MOMENT = (
    f"(?i)([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?::[0-5][0-9](?:[.][0-9]{{1,9}})?)?)"
    "[ ]*(?:Z|UTC|([+-])(0[0-9]|1[0-8])(?::?([0-5][0-9]))?)?"
)
_PRICE = "[0-9]{1,6}(?:[.][0-9]{1,6})?"
_DECIMAL = "(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,2})?"

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


def _raw(column: Column) -> str:
    return f"raw_{column.name}"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_full_match({raw}, {literal(pattern)})"


def _instant(column: Column) -> Check:
    raw, value = _raw(column), column.name
    # A cast to TIMESTAMP drops an offset without a word, so the two are taken apart.
    text = f"trim({raw})"
    part = [f"regexp_extract({text}, {literal(_MOMENT)}, {group})" for group in (1, 2, 3, 4)]
    minutes = " + ".join(f"coalesce(try_cast({part[n]} AS INT), 0) * {m}" for n, m in ((2, 60), (3, 1)))
    shift = f"to_minutes(CASE WHEN {part[1]} = '-' THEN 1 ELSE -1 END * ({minutes}))"
    return Check(
        f"CASE WHEN {_matches(raw, _UTC)} THEN try_cast({raw} AS TIMESTAMP) "
        f"WHEN {_matches(text, _MOMENT)} THEN try_cast(upper({part[0]}) AS TIMESTAMP) + {shift} END",
        f"{value} >= TIMESTAMP '{FIRST_YEAR}-01-01' AND {value} < TIMESTAMP '{LAST_YEAR + 1}-01-01'",
        f"CASE WHEN {value} IS NULL THEN 'It is not a date and time such as 2026-08-03T09:14:07.412Z.' "
        f"ELSE 'It is outside the years {FIRST_YEAR} to {LAST_YEAR}.' END",
    )


_GUARDED = f"starts_with({{raw}}, '''') AND regexp_matches({{raw}}, {literal(UNGUARD_WHEN)})"


def _text(column: Column) -> Check:
    raw, value = _raw(column), column.name
    guarded = _GUARDED.format(raw=raw)
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
    raw, value = _raw(column), column.name
    text = f"trim({raw})"
    return Check(
        f"CASE WHEN {_matches(raw, '[0-9]{1,18}')} THEN CAST({raw} AS BIGINT) "
        f"WHEN {_matches(text, '[0-9]{1,18}(?:[.]0*)?')} THEN CAST(split_part({text}, '.', 1) AS BIGINT) END",
        f"{value} IS NOT NULL",
        f"CASE WHEN starts_with({text}, '-') "
        "THEN 'It is below 0; a whole number of 0 or more was expected.' "
        "ELSE 'It is not a whole number of 0 or more, such as 1200.' END",
    )


def _price(column: Column) -> Check:
    raw, value = _raw(column), column.name
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
    raw, value = _raw(column), column.name
    text = f"trim({raw})"
    exact = f"try_cast({text} AS DECIMAL(38, 18))"
    return Check(
        f"CASE WHEN {_matches(text, _DECIMAL)} AND {exact} < {MAX_USD} "
        f"THEN try_cast(round({exact}, 12) * {10**12} AS BIGINT) END",
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

_ONE_OF = {"kind": Kind, "status": Status, "service_tier": Tier}
"""Fields with few values; a source says which of its own mean which."""

DETAIL = tuple(
    BY_NAME[name]
    for name in (
        "kind",
        "cost_pico",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "time_to_first_token_ms",
        "status",
        "service_tier",
        "source_call_id",
    )
)
"""Fields beyond the ten that a source may have; `cost_pico` is the cost that it recorded itself, in USD."""

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
    raw = _raw(column)
    empty = "'It is empty.'" if must else "NULL"
    return (
        f"CASE WHEN {made.good} THEN NULL "
        f"WHEN {raw} IS NULL OR trim({raw}) = '' THEN {empty} ELSE {made.reason} END"
    )


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


CARRIED = ("record", "broken", "skip")
"""Beside the fields: a row's number where the reader knows it (else NULL), why it could not be read, and
why it is no call of its own."""


def checked(rows: str, given: Collection[str], guarded: bool, original: Mapping[str, str]) -> str:
    """SQL for the rows of a query with a text column for each field given and those of `CARRIED`, checked.

    Texts may be `guarded` (see `text_guard`). Typed values of all fields of `STAGED` (NULL where not given;
    the kind as `given_kind`, the recorded cost as `recorded`), `cost`, `record`, `skip`, and what is wrong
    with the row, if anything: `bad_field`, `bad_value`, `reason`. A skipped row's reason is `skip`. Of a row
    to set aside, `original` is a JSON object of headings and texts, from the columns that it names.
    """
    kept = "".join(f", {column}" for column in original.values())
    fields = [column for column in STAGED if column.name in given]
    names = [column.name for column in fields]
    raw = ", ".join(f"{name} AS raw_{name}" for name in names)
    values = ", ".join(f"{_value(column, guarded)} AS {column.name}" for column in fields)
    carried = ", ".join(CARRIED)
    missing = "".join(
        f", NULL::{TYPES[column.form]} AS {column.name}" for column in STAGED if column.name not in given
    )
    problems = ", ".join(
        f"{problem(each, CHECKS[each], must=each in EXPORT_COLUMNS and each.required)} AS bad_{each.name}"
        for each in fields
    )
    unread = "WHEN broken IS NOT NULL THEN NULL "
    bad_field = unread + " ".join(f"WHEN bad_{name} IS NOT NULL THEN '{name}'" for name in names)
    bad_value = unread + " ".join(f"WHEN bad_{name} IS NOT NULL THEN raw_{name}" for name in names)
    reason = ", ".join(f"bad_{name}" for name in names)
    too_dear = f"cost > {MAX_PICO}"
    return f"""
    SELECT {", ".join(_staged(column) for column in STAGED)}, try_cast(cost AS BIGINT) AS cost, record, skip,
        CASE {bad_field} WHEN {too_dear} THEN 'input_tokens' END AS bad_field,
        left(CASE {bad_value} WHEN {too_dear} THEN raw_input_tokens END, {SHOWN_VALUE}) AS bad_value,
        coalesce(broken, skip, {reason}, CASE WHEN {too_dear}
            THEN 'With these tokens and prices the call would cost more than 9 million USD.' END) AS reason,
        CASE WHEN reason IS NOT NULL AND skip IS NULL AND broken IS NULL
            THEN {as_it_came(original, guarded)} END AS original
    FROM (SELECT *, {problems}, {COST} AS cost
          FROM (SELECT *, {values}{missing} FROM (SELECT {raw}, {carried}{kept} FROM ({rows}))))
    """


def as_it_came(original: Mapping[str, str], guarded: bool) -> str:
    """A row as it came, but for what `text_guard` puts in front: whoever writes it puts it there again."""
    texts = {
        heading: f"CASE WHEN {_GUARDED.format(raw=column)} THEN substr({column}, 2) ELSE {column} END"
        if guarded
        else column
        for heading, column in original.items()
    }
    pairs = [f"{literal(heading)}, left({text}, {LONGEST_ORIGINAL})" for heading, text in texts.items()]
    return f"json_object({', '.join(pairs)})::VARCHAR"


def _value(column: Column, guarded: bool) -> str:
    return CHECKS[column].value if guarded or column.form is not Form.TEXT else _raw(column)


_STAGED_AS = {"kind": "given_kind", "cost_pico": "recorded"}


def _staged(column: Column) -> str:
    """A field as it is staged; of one with few values, none but those."""
    value = column.name
    if column.name in _ONE_OF:
        known = ", ".join(literal(each) for each in _ONE_OF[column.name])
        value = f"CASE WHEN {column.name} IN ({known}) THEN {column.name} END"
    return f"{value} AS {_STAGED_AS.get(column.name, column.name)}"

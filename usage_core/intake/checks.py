"""The checks every row passes, as DuckDB SQL derived from the record: typed values, or a reason.

Values are made first, the reasons for refusing them after, in a query around it; each value has a
cheap expression for the usual spelling and a costly one for the rarer ones.
"""

from dataclasses import dataclass

from usage_core.schema import COLUMNS, EXPORT_COLUMNS, MAX_PICO, PRICE_PLACES, Column, Form
from usage_core.store.lake import literal
from usage_core.text_guard import UNGUARD_WHEN

LONGEST_TEXT = 4000
FIRST_YEAR, LAST_YEAR = 2000, 2100

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


@dataclass(frozen=True, slots=True)
class Check:
    """SQL for a field's value, from its text, and for the reason it is refused.

    The reason is asked only where the text is not blank and the value is NULL, unless `always`.
    """

    value: str
    reason: str
    always: bool = False


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_full_match({raw}, {literal(pattern)})"


def _instant(raw: str) -> Check:
    # A cast to TIMESTAMP drops an offset without a word, so the two are taken apart.
    text = f"trim({raw})"
    part = [f"regexp_extract({text}, {literal(_MOMENT)}, {group})" for group in (1, 2, 3, 4)]
    minutes = " + ".join(f"coalesce(try_cast({part[n]} AS INT), 0) * {m}" for n, m in ((2, 60), (3, 1)))
    shift = f"to_minutes(CASE WHEN {part[1]} = '-' THEN 1 ELSE -1 END * ({minutes}))"
    return Check(
        f"CASE WHEN {_matches(raw, _UTC)} THEN try_cast({raw} AS TIMESTAMP) "
        f"WHEN {_matches(text, _MOMENT)} THEN try_cast({part[0]} AS TIMESTAMP) + {shift} END",
        "'It is not a date and time such as 2026-08-03T09:14:07.412Z.'",
    )


def _text(raw: str) -> Check:
    guarded = f"starts_with({raw}, '''') AND regexp_matches({raw}, {literal(UNGUARD_WHEN)})"
    return Check(
        f"CASE WHEN {guarded} THEN substr({raw}, 2) ELSE {raw} END",
        f"CASE WHEN strlen({raw}) > {LONGEST_TEXT} THEN 'It is longer than {LONGEST_TEXT:,} bytes.' END",
        always=True,
    )


def _whole(raw: str) -> Check:
    text = f"trim({raw})"
    return Check(
        f"CASE WHEN {_matches(raw, '[0-9]{1,18}')} THEN CAST({raw} AS BIGINT) "
        f"WHEN {_matches(text, '[0-9]{1,18}(?:[.]0*)?')} THEN CAST(split_part({text}, '.', 1) AS BIGINT) END",
        f"CASE WHEN starts_with({text}, '-') THEN 'It is below 0; a whole number of 0 or more was expected.' "
        "ELSE 'It is not a whole number of 0 or more, such as 1200.' END",
    )


def _price(raw: str) -> Check:
    text = f"trim({raw})"
    exact = f"try_cast({text} AS DECIMAL(38, 18))"
    plain = f"{_matches(text, _DECIMAL)} AND {exact} < 1000000"
    rounded = f"round({exact}, {PRICE_PLACES})"
    return Check(
        f"CASE WHEN {_matches(raw, _PRICE)} THEN CAST({raw} AS DECIMAL(12, {PRICE_PLACES})) "
        f"WHEN {plain} AND abs({exact} - {rounded}) <= {_FLOAT_NOISE} "
        f"THEN try_cast({rounded} AS DECIMAL(12, {PRICE_PLACES})) END",
        f"CASE WHEN {plain} THEN 'It has more than {PRICE_PLACES} decimal places.' "
        f"WHEN starts_with({text}, '-') THEN 'It is below 0; a price of 0 or more was expected.' "
        f"WHEN try_cast({text} AS DOUBLE) >= 1000000 THEN 'It is a million USD or more.' "
        "ELSE 'It is not a plain decimal number such as 2.50.' END",
    )


_BY_FORM = {Form.INSTANT: _instant, Form.TEXT: _text, Form.WHOLE: _whole, Form.PRICE: _price}

CHECKS = {column: _BY_FORM[column.form](f"raw_{column.name}") for column in EXPORT_COLUMNS}
"""The check of each field; its text is the column `raw_NAME`."""


def _problem(column: Column, made: Check) -> str:
    """SQL for why a row's field is refused, or NULL."""
    name, raw = column.name, f"raw_{column.name}"
    refused = made.reason if made.always else f"CASE WHEN {name} IS NULL THEN {made.reason} END"
    if column.form is Form.INSTANT:
        years = f"year({name}) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
        outside = f"'It is outside the years {FIRST_YEAR} to {LAST_YEAR}.'"
        refused = f"CASE WHEN {years} THEN {outside} ELSE {refused} END"
    empty = "'It is empty.'" if column.required else "NULL"
    return f"CASE WHEN {raw} IS NULL OR trim({raw}) = '' THEN {empty} ELSE {refused} END"


_COST = """
    CASE WHEN input_tokens IS NULL OR (input_tokens > 0 AND input_price IS NULL)
           OR (output_tokens IS NULL AND kind <> 'embedding')
           OR (output_tokens > 0 AND output_price IS NULL) THEN NULL
    ELSE input_tokens::HUGEINT * (coalesce(input_price, 0) * 1000000)::HUGEINT
       + coalesce(output_tokens, 0)::HUGEINT * (coalesce(output_price, 0) * 1000000)::HUGEINT END
"""
"""What a row costs in pico-USD, as `schema.cost_pico` has it; wide, since not every cost can be held."""

_KIND = """
    CASE WHEN output_tokens IS NULL AND (embeds OR (input_price IS NOT NULL AND output_price IS NULL))
    THEN 'embedding' ELSE 'completion' END
"""
"""Empty output tokens mean an embedding where the catalogue knows the model as one, or where the row
itself has a price for input and none for output."""


def _checked() -> str:
    fields = [column.name for column in EXPORT_COLUMNS]
    raw = ", ".join(f"t.{field} AS raw_{field}" for field in fields)
    values = ", ".join(f"{made.value} AS {column.name}" for column, made in CHECKS.items())
    problems = ", ".join(f"{_problem(column, made)} AS bad_{column.name}" for column, made in CHECKS.items())
    bad_field = " ".join(f"WHEN bad_{field} IS NOT NULL THEN '{field}'" for field in fields)
    reason = ", ".join(f"bad_{field}" for field in fields)
    too_dear = f"cost > {MAX_PICO}"
    return f"""
    SELECT ordinal, {", ".join(fields)}, kind, provider_name, model_name,
        CASE WHEN NOT {too_dear} THEN cost::BIGINT END AS cost_pico,
        CASE WHEN cost IS NULL THEN 'unknown' ELSE 'row' END AS cost_basis,
        {", ".join(f"NULL::{kind} AS {name}" for name, kind in _NOT_IN_CSV.items())},
        CASE {bad_field} WHEN {too_dear} THEN 'input_tokens' END AS bad_field,
        coalesce({reason}, CASE WHEN {too_dear}
            THEN 'With these tokens and prices the call would cost more than 9 million USD.' END) AS reason
    FROM (SELECT *, {problems}, {_COST} AS cost FROM (SELECT *, {_KIND} AS kind FROM (
        SELECT v.*, n.provider_name, coalesce(n.model_name, v.model) AS model_name,
               coalesce(n.embeds, false) AS embeds
        FROM (SELECT *, {values} FROM (SELECT t.rowid AS ordinal, {raw} FROM {{s}}.raw t)) v
        LEFT JOIN {{s}}.names n
            ON v.raw_model = n.model AND v.raw_provider IS NOT DISTINCT FROM n.provider)))
    """


_NOT_IN_CSV = {
    column.name: "VARCHAR" if column.form is Form.TEXT else "BIGINT"
    for column in COLUMNS[10:]
    if not column.required and column.form is not Form.PICO
}

CHECKED = _checked()
"""Every row of `raw` with its typed values, its kind, names and cost, and what is wrong with it, if
anything: `ordinal`, the record's fields, `bad_field`, `reason`."""

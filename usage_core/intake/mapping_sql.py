"""SQL for the fields of a mapping: from a column's text, in its unit, to what the checks of a call expect.

What cannot be understood is handed on as it is, so that the check of the field refuses it by name.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from usage_core.importers.format import CACHED, InputCount
from usage_core.importers.sql import NO_KEY, between, filled, instant, millis, one_of, rounded, tier
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Form
from usage_core.store.engine import literal

YEAR_FIRST, DAY_FIRST, MONTH_FIRST = "year first", "day first", "month first"
MILLIS, SECONDS, MICROS, END = "milliseconds", "seconds", "microseconds", "the moment it ended"
PER_MILLION, PER_THOUSAND, PER_TOKEN = "USD per million", "USD per thousand", "USD per token"
USD, CENTS = "USD", "US cents"
WITH_CACHED, WITHOUT_CACHED = str(InputCount.WITH_CACHED), str(InputCount.WITHOUT_CACHED)

_PRICE = (PER_MILLION, PER_THOUSAND, PER_TOKEN)

UNITS: Mapping[str, tuple[str, ...]] = {
    "called_at": (YEAR_FIRST, DAY_FIRST, MONTH_FIRST),
    "input_tokens": (WITH_CACHED, WITHOUT_CACHED),
    "completion_time_ms": (MILLIS, SECONDS, MICROS, END),
    "time_to_first_token_ms": (MILLIS, SECONDS, MICROS),
    "cost_pico": (USD, CENTS),
    "input_price": _PRICE,
    "output_price": _PRICE,
}
"""Field -> the ways in which its values may be written, the usual one first."""

_EMPTY = "('', 'null', 'none', 'nan', 'n/a', 'na', '-', '<na>', 'nat', 'undefined')"

_CLOCKS = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_OFFSET = r"'(?i).*[0-9][ ]*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)'"
_NUMBER = r"'[0-9]*[.]?[0-9]+(?:[eE][+-]?[0-9]{1,2})?'"


def can_be_read(at: Sequence[str]) -> bool:
    """Whether a value can be read at a place: paths of JSON have no way to write some keys."""
    return all(key.isprintable() and '"' not in key and "\\" not in key for key in at)


def text(fixed: str) -> str:
    """SQL for a text."""
    return literal(fixed)


def held(column: str, keys: Sequence[str]) -> str:
    """SQL for what a column holds, or what its objects hold beneath keys."""
    path = "$" + "".join(f'."{key}"' for key in keys)
    return f"TRY(json_extract_string({column}, {literal(path)}))" if keys else column


@dataclass(frozen=True, slots=True)
class Written:
    """How values are written: the unit of each field, the zone of moments without one, and whether a comma
    stands before decimals."""

    units: Mapping[str, str]
    zone: str
    comma: bool

    def unit(self, name: str) -> str:
        """The unit of a field that has one, else nothing."""
        return self.units.get(name) or next(iter(UNITS.get(name, ())), "")

    def is_moment(self, name: str) -> bool:
        """Whether a field's column holds moments."""
        return name == "called_at" or self.unit(name) == END


def steps(sources: Mapping[str, str], written: Written) -> tuple[dict[str, str], ...]:
    """SQL for columns from SQL for what is in a field's column, made one after the other: as one expression
    they would take minutes to plan."""
    numbers = [name for name in sources if name in _NUMBERS and not written.is_moment(name)]
    return (
        {f"held_{name}": sql for name, sql in sources.items()},
        {
            f"text_{name}": f"CASE WHEN lower(trim(held_{name})) IN {_EMPTY} THEN NULL ELSE held_{name} END"
            for name in sources
        },
        {f"bare_{name}": f"ltrim(replace(trim(text_{name}), ' ', ''), '$€')" for name in numbers}
        | {
            f"moment_{name}": _moment(f"text_{name}", written.unit("called_at"), written.zone)
            for name in sources
            if written.is_moment(name)
        },
        {f"number_{name}": _number(f"bare_{name}", written.comma) for name in numbers},
        {f"scaled_{name}": _scaled(f"number_{name}", written.unit(name)) for name in numbers},
    )


def fields(names: Collection[str], written: Written) -> dict[str, str]:
    """Field -> SQL for its text, from the columns that the steps made."""
    made = {column.name: "NULL" for column in EXPORT_COLUMNS}
    for name in names:
        if written.is_moment(name):
            made[name] = (
                f"moment_{name}" if name == "called_at" else between("moment_called_at", f"moment_{name}")
            )
        elif name in _NUMBERS:
            made[name] = _AT_LAST.get(written.unit(name), str)(f"scaled_{name}")
        else:
            made[name] = _WORDS.get(name, "{text}").replace("{text}", f"text_{name}")
    return made


def input_count(names: Collection[str], written: Written) -> InputCount:
    """Whether the input tokens count the cached ones."""
    if not any(name in names for name in CACHED):
        return InputCount.NO_CACHED
    return InputCount(written.unit("input_tokens"))


_NUMBERS = frozenset(column.name for column in COLUMNS if column.form in (Form.WHOLE, Form.PRICE, Form.PICO))

_TIMES = {PER_THOUSAND: "1000", PER_TOKEN: "1000000", CENTS: "0.01", MICROS: "0.001"}

_AT_LAST: Mapping[str, Callable[[str], str]] = {MILLIS: rounded, MICROS: rounded, SECONDS: millis}

_STATUS = one_of(
    "{text}",
    ok=("ok", "success", "succeeded", "successful", "complete", "completed", "done", "true", "stop"),
    error=("error", "failure", "failed", "fail", "timeout", "cancelled", "canceled", "false"),
)
_WORDS = {
    "service_tier": tier("{text}"),
    "api_key_id": f"coalesce({filled('{text}')}, {NO_KEY})",
    "status": "CASE WHEN regexp_full_match(trim({text}), '[23][0-9][0-9]([.]0)?') THEN 'ok' "
    "WHEN regexp_full_match(trim({text}), '[45][0-9][0-9]([.]0)?') THEN 'error' "
    f"ELSE {_STATUS} END",
    "kind": "CASE WHEN lower({text}) LIKE '%embed%' THEN 'embedding' "
    "WHEN regexp_matches(lower({text}), 'chat|completion|text|generat|message|response') THEN 'completion' "
    "WHEN {text} IS NOT NULL THEN 'other' END",
}


def _number(bare: str, comma: bool) -> str:
    """A number without signs between its thousands, and with a point before its decimals."""
    point, thousands = (",", ".") if comma else (".", ",")
    grouped = f"regexp_full_match({bare}, '[0-9]{{1,3}}([{thousands}][0-9]{{3}})+([{point}][0-9]*)?')"
    plain = f"CASE WHEN {grouped} THEN replace({bare}, '{thousands}', '') ELSE {bare} END"
    return f"replace({plain}, ',', '.')" if comma else plain


def _scaled(number: str, unit: str) -> str:
    """A number times what its unit is, exact."""
    if unit not in _TIMES:
        return number
    product = f"TRY((try_cast({number} AS DECIMAL(38, 18)) * {_TIMES[unit]})::DECIMAL(38, 18)::VARCHAR)"
    exact = f"coalesce({product}, {number})"
    return f"CASE WHEN regexp_full_match({number}, {_NUMBER}) THEN {exact} ELSE {number} END"


def _moment(given: str, unit: str, zone: str) -> str:
    """A moment: with an offset or as a number as it is, else of the zone, in UTC."""
    bare = f"trim({given})"
    if unit == YEAR_FIRST:
        iso = f"replace({bare}, '/', '-')"
        local = (
            f"CASE WHEN regexp_matches({iso}, '[0-9][T ][0-9]{{1,2}}:') THEN try_cast({iso} AS TIMESTAMP) END"
        )
    else:
        first, second = ("%d", "%m") if unit == DAY_FIRST else ("%m", "%d")
        days = [f"{first}{mark}{second}{mark}%Y" for mark in (".", "/", "-")]
        known = ", ".join(
            literal(f"{day}{gap}{clock}") for day in days for gap in (" ", ", ") for clock in _CLOCKS
        )
        local = f"try_strptime({bare}, [{known}])"
    in_utc = f"TRY((({local} AT TIME ZONE {literal(zone)}) AT TIME ZONE 'UTC')::VARCHAR)"
    return (
        f"CASE WHEN regexp_full_match({bare}, {_NUMBER}) OR regexp_full_match({bare}, {_OFFSET}) "
        f"THEN {instant(given)} ELSE coalesce({in_utc}, {given}) END"
    )

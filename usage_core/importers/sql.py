"""Pieces of DuckDB SQL that mappings are made of: texts in, a text or NULL out, never an error.

What cannot be understood is handed on as it is, so that the check of the field refuses it by name.
"""

from collections.abc import Mapping, Sequence

_DAY = "'[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00(?::00(?:[.]0+)?)?)?Z?'"
_NUMBER = r"'[0-9]+(?:[.][0-9]*)?(?:[eE][+-]?[0-9]{1,2})?'"

NO_KEY = "'(no key)'"
"""Stands for the key of a call whose source does not say which key made it."""


def filled(*texts: str) -> str:
    """The first text that is not blank, or NULL."""
    return "coalesce(" + ", ".join(f"nullif(trim({text}), '')" for text in texts) + ")"


def inside(nested: str, path: str) -> str:
    """A value within a column of JSON text, by its path (`$.a.b`); an object or list as JSON text."""
    return f"TRY(json_extract_string({nested}, '{path}'))"


def decimal(text: str, places: int, as_type: str = "") -> str:
    """An exact number with so many places, or made another type, NULL where it is none. One of more than 64
    bits is tried last: it takes many times as long."""
    tried = [f"try_cast({text} AS DECIMAL({digits}, {places}))" for digits in (18, 38)]
    return f"coalesce({', '.join(f'try_cast({each} AS {as_type})' if as_type else each for each in tried)})"


def whole(text: str) -> str:
    """A number of tokens as an integer, NULL where it is none."""
    return decimal(text, 3, "HUGEINT")


def total(*texts: str) -> str:
    """The sum of counts, of those that are known, or NULL; a text that is no count is handed on."""
    wrong = " ".join(
        f"WHEN nullif(trim({text}), '') IS NOT NULL AND coalesce({whole(text)}, -1) < 0 THEN {text}"
        for text in texts
    )
    known = ", ".join(f"nullif(trim({text}), '')" for text in texts)
    summed = " + ".join(f"coalesce({whole(text)}, 0)" for text in texts)
    return f"CASE {wrong} WHEN coalesce({known}) IS NULL THEN NULL ELSE ({summed})::VARCHAR END"


def output_tokens(kind: str, tokens: str) -> str:
    """Output tokens; an embedding has none, and a source that counts 0 of them says no more than that."""
    return f"CASE WHEN ({kind}) = 'embedding' AND {whole(tokens)} = 0 THEN NULL ELSE {tokens} END"


def instant(text: str) -> str:
    """A moment: a date and time as it is, a number as seconds, milli-, micro- or nanoseconds since 1970."""
    return (
        f"CASE WHEN regexp_full_match(trim({text}), {_NUMBER}) "
        f"THEN coalesce(make_timestamp({_since_1970(text)})::VARCHAR, {text}) ELSE {text} END"
    )


def _since_1970(text: str) -> str:
    """Microseconds, of a number whose size tells its unit; NULL where it is too large for any.

    Floating point holds microseconds of this age exactly, but no nanoseconds.
    """
    number = f"try_cast({text} AS DOUBLE)"
    return (
        f"CASE WHEN {number} < 1e11 THEN round({number} * 1e6)::BIGINT "
        f"WHEN {number} < 1e14 THEN round({number} * 1e3)::BIGINT "
        f"WHEN {number} < 1e17 THEN round({number})::BIGINT "
        f"WHEN {number} < 9e18 THEN try_cast({text} AS BIGINT) // 1000 END"
    )


def tier(*texts: str) -> str:
    """The service tier that the first text that is not blank names; NULL where it names none of ours."""
    named = f"lower({filled(*texts)})"
    return (
        f"CASE WHEN {named} = 'batch' THEN 'batch' WHEN {named} IN ('flex', 'flex_discount') THEN 'flex' "
        f"WHEN {named} IN ('priority', 'priority_on_demand') THEN 'priority' END"
    )


def millis(seconds: str) -> str:
    """Seconds as whole milliseconds; a text that is no number is handed on."""
    return (
        f"CASE WHEN regexp_full_match(trim({seconds}), {_NUMBER}) "
        f"THEN coalesce(TRY(round(try_cast({seconds} AS DOUBLE) * 1000)::HUGEINT)::VARCHAR, {seconds}) "
        f"ELSE {seconds} END"
    )


def rounded(number: str) -> str:
    """A number as a whole one, such as milliseconds with a fraction; any other text is handed on."""
    return (
        f"CASE WHEN regexp_full_match(trim({number}), {_NUMBER}) "
        f"THEN coalesce(TRY(round({decimal(number, 9)})::HUGEINT::VARCHAR), {number}) "
        f"ELSE {number} END"
    )


def between(start: str, end: str) -> str:
    """Whole milliseconds from one moment to another, NULL where one is unknown or they are the wrong way."""
    began, ended = (
        f"CASE WHEN regexp_full_match(trim({text}), {_NUMBER}) THEN {_since_1970(text)} "
        f"ELSE epoch_us(try_cast({text} AS TIMESTAMPTZ)) END"
        for text in (start, end)
    )
    length = f"(({ended}) - ({began}))"
    return f"CASE WHEN {length} >= 0 THEN round({length} / 1000)::BIGINT::VARCHAR END"


def one_of(text: str, **meant: tuple[str, ...]) -> str:
    """Which of a few values a text means: `ok=("success",)`; NULL where it is none of them."""
    cases = " ".join(
        f"WHEN lower(trim({text})) IN ({', '.join(map(repr, spelled))}) THEN '{value}'"
        for value, spelled in meant.items()
    )
    return f"CASE {cases} END"


def day(text: str) -> str:
    """The first moment of a day in UTC; a text that is no day is handed on."""
    return (
        f"CASE WHEN regexp_full_match(trim({text}), {_DAY}) "
        f"THEN left(trim({text}), 10) || 'T00:00:00Z' ELSE {text} END"
    )


def day_after(text: str) -> str:
    """The first moment of the day after one in UTC; a text that is no day is handed on."""
    return f"coalesce((try_cast(left(trim({text}), 10) AS DATE) + 1)::DATE::VARCHAR || 'T00:00:00Z', {text})"


def count(text: str) -> str:
    """A whole number, with or without commas between thousands."""
    return f"replace({text}, ',', '')"


def amount(text: str) -> str:
    """An amount of USD, with or without its sign and with or without commas between thousands."""
    return f"replace({count(f'trim({text})')}, '$', '')"


def results(of_doc: str, period: Sequence[str], fields: Mapping[str, str]) -> str:
    """SQL for the rows of an answer in pages: each of the `results` of each of its periods in `data`, with
    the period's own fields and those of the result, by their paths; a period without results is a row, too.
    A document that is none of those (`of_doc`) is a row as it is."""
    # The period's own fields are taken out of it once: for each result anew it would take the square of time.
    known = ", ".join(f"json_extract(b, '$.{name}')" for name in period)
    own = ", ".join(f"'{name}', p[{place}]" for place, name in enumerate(period, start=1))
    its = ", ".join(f"'{name}', json_extract(r, '{path}')" for name, path in fields.items())
    return f"""
        CASE WHEN {of_doc} THEN flatten(list_transform(json_extract(doc, '$.data[*]'), lambda b:
            list_transform([[{known}]], lambda p: CASE WHEN json_array_length(b, '$.results') > 0
                THEN list_transform(json_extract(b, '$.results[*]'), lambda r: json_object({own}, {its}))
                ELSE [json_object({own})] END)[1]))
        ELSE [doc] END
    """

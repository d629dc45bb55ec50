"""The rows of a file, every one checked, as DuckDB SQL: what is good about it, or why it is refused.

What is wrong with a row is looked for only where not all its fields are plainly good.
"""

from collections.abc import Collection, Mapping

from usage_core.intake.checks import (
    CHECKS,
    COST,
    GUARDED,
    MORE_KEPT,
    MORE_KEPT_SAID,
    ONE_OF,
    STAGED,
    TYPES,
    problem,
    raw_of,
)
from usage_core.intake.doubts import can_be, doubt
from usage_core.schema import BY_NAME, EXPORT_COLUMNS, MAX_PICO, Column, Form
from usage_core.store.engine import literal

LONGEST_ORIGINAL = 32_767
"""Characters kept of a text of a row that is set aside: as many as a cell of a spreadsheet holds."""
SHOWN_VALUE = 200
"""Characters kept of a value that was refused."""

CARRIED = ("record", "broken", "skip")
"""Beside the fields: a row's number where the reader knows it (else NULL), why it could not be read, and
why it is no call of its own."""

STAGED_AS = {"kind": "given_kind", "cost_pico": "recorded"}
"""Fields whose value is made only when the row is stored, and what is staged for them."""

NOT_HELD: Mapping[str, str] = {}

_TOGETHER = {
    "cache_write_1h_tokens": (MORE_KEPT, MORE_KEPT_SAID),
    "input_tokens": (
        f"cost > {MAX_PICO}",
        "'With these tokens and prices the call would cost more than 9 million USD.'",
    ),
}
"""Fields that are good alone -> when they are not beside the others, and why."""


def checked(
    rows: str,
    given: Collection[str],
    guarded: bool,
    original: Mapping[str, str],
    by: Mapping[str, str] = NOT_HELD,
) -> str:
    """SQL for the rows of a query with a text column for each field given and those of `CARRIED`, checked.

    Texts may be `guarded` (see `text_guard`). Typed values of the fields given, `cost`, `record`, `skip`, and
    what is wrong with the row, if anything: `reason`, and `bad`, a list of the field, its value, the row as
    it came, a JSON object of headings and texts from the columns that `original` names, and the reason again.
    A skipped row's reason is `skip`. Of fields with costs and prices also `doubt` (see `doubts`). Of a field
    that is held `by` a type of good texts, one of those is in `NAME_code`, and the field has but the others.
    """
    kept = "".join(f", {column}" for column in original.values())
    fields = [column for column in STAGED if column.name in given]
    raw = ", ".join(f"{column.name} AS {raw_of(column)}" for column in fields)
    coded = "".join(f", try_cast({name} AS {by[name]}) AS {code_of(name)}" for name in by)
    codes = "".join(f", {code_of(name)}" for name in by)
    came = as_it_came(original, guarded)
    doubted = f", {doubt(came)} AS doubt" if can_be(given) else ""
    return f"""
    SELECT {", ".join(_staged(column, by) for column in fields)}{codes},
        try_cast(cost AS BIGINT) AS cost, record, skip,
        CASE WHEN NOT good THEN coalesce(broken, skip, bad[4]) END AS reason, bad{doubted}
    FROM (SELECT *, CASE WHEN NOT good AND skip IS NULL AND broken IS NULL
                    THEN {_bad(fields, came)} END AS bad
          FROM (SELECT *, coalesce(broken IS NULL AND skip IS NULL AND {_are_good(fields, by)}, false) AS good
                FROM (SELECT *, {COST} AS cost
                      FROM (SELECT *, {_typed(fields, guarded)}
                            FROM (SELECT {raw}{coded}, {", ".join(CARRIED)}{kept} FROM ({rows}))))))
    """


def view(given: Collection[str], by: Mapping[str, str] = NOT_HELD, wholly: Collection[str] = ()) -> str:
    """SQL for all that is known of the checked rows in the table `loaded`: `row`, their place in it, a column
    for every field of `STAGED` (NULL where not given; see `STAGED_AS`), `cost`, `record`, `skip`, `reason`,
    `bad_field`, `bad_value`, `original` and, of fields that can be, `doubt`. Of the fields that are held
    `by` a type some are so `wholly`: they are of that type, the others are texts."""
    shown = {name: f"coalesce({name}, {code_of(name)}::VARCHAR) AS {name}" for name in by}
    shown |= {name: f"{code_of(name)} AS {name}" for name in wholly}
    fields = ", ".join(
        shown.get(column.name, _alias(column))
        if column.name in given
        else f"NULL::{TYPES[column.form]} AS {_alias(column)}"
        for column in STAGED
    )
    return (
        f"SELECT rowid AS row, {fields}, cost, record, skip, reason, bad[1] AS bad_field, "
        f"bad[2] AS bad_value, bad[3] AS original{', doubt' * can_be(given)} FROM {{s}}.loaded"
    )


def code_of(name: str) -> str:
    """The column that has a field's text where that is one of its type's."""
    return f"{name}_code"


def _are_good(fields: Collection[Column], by: Mapping[str, str]) -> str:
    """SQL that is true of the rows of whose fields none has a problem, alone or with others."""
    together = _together([column.name for column in fields]).values()
    return " AND ".join(
        [
            *(f"coalesce({when}, false) = false" for when, _ in together),
            *(f"({_is_good(column, by)})" for column in fields),
        ]
    )


def _typed(fields: Collection[Column], guarded: bool) -> str:
    """SQL for every field of `STAGED` by its name, as it is typed; NULL where it is not given."""
    values = [f"{_value(column, guarded)} AS {column.name}" for column in fields]
    missing = [f"NULL::{TYPES[column.form]} AS {column.name}" for column in STAGED if column not in fields]
    return ", ".join([*values, *missing])


def _is_good(column: Column, by: Mapping[str, str]) -> str:
    """SQL that is true of no row whose field has a problem, and of nearly all others."""
    good = CHECKS[column].good if column.required else f"{raw_of(column)} IS NULL OR {CHECKS[column].good}"
    coded = f"{code_of(column.name)} IS NOT NULL"
    return f"CASE WHEN {coded} THEN true ELSE {good} END" if column.name in by else good


def _together(given: Collection[str]) -> dict[str, tuple[str, str]]:
    return {name: told for name, told in _TOGETHER.items() if name in given}


def _problem(column: Column) -> str:
    return problem(column, CHECKS[column], must=column in EXPORT_COLUMNS and column.required)


def _first_problem(fields: Collection[Column]) -> str:
    """SQL for the number of the first field with a problem, from 1 and in two digits, and the problem; last
    come those of several fields. NULL where nothing is wrong."""
    together = _together([column.name for column in fields])
    problems = [
        *map(_problem, fields),
        *(f"CASE WHEN {when} THEN {said} END" for when, said in together.values()),
    ]
    numbered = [f"'{number:02}' || {each}" for number, each in enumerate(problems, start=1)]
    return f"coalesce({', '.join(numbered)})"


def _bad(fields: Collection[Column], original: str) -> str:
    """SQL for the first problem of a row: field, value, the row as it came, and what the problem is.

    To read the statement takes longer than to check a short file, so each field's problem is in it once.
    """
    alone = [column.name for column in fields]
    every = (*alone, *_together(alone))
    names = ", ".join(map(literal, every))
    texts = ", ".join(raw_of(BY_NAME[name]) for name in every)
    place = "left(problem, 2)::INT"
    found = f"[[{names}][{place}], left([{texts}][{place}], {SHOWN_VALUE}), {original}, substr(problem, 3)]"
    chosen = f"CASE WHEN problem IS NOT NULL THEN {found} END"
    return f"list_transform([{_first_problem(fields)}], lambda problem: {chosen})[1]"


def as_it_came(original: Mapping[str, str], guarded: bool) -> str:
    """A row as it came, but for what `text_guard` puts in front: whoever writes it puts it there again."""
    texts = {
        heading: f"CASE WHEN {GUARDED.format(raw=column)} THEN substr({column}, 2) ELSE {column} END"
        if guarded
        else column
        for heading, column in original.items()
    }
    pairs = [f"{literal(heading)}, left({text}, {LONGEST_ORIGINAL})" for heading, text in texts.items()]
    return f"json_object({', '.join(pairs)})::VARCHAR"


def _value(column: Column, guarded: bool) -> str:
    return CHECKS[column].value if guarded or column.form is not Form.TEXT else raw_of(column)


def _staged(column: Column, by: Mapping[str, str]) -> str:
    """A field as it is staged; of one with few values, none but those."""
    value = column.name
    if column.name in by:
        value = f"CASE WHEN {code_of(column.name)} IS NULL THEN {column.name} END"
    if column.name in ONE_OF:
        known = ", ".join(literal(each) for each in ONE_OF[column.name])
        value = f"CASE WHEN {column.name} IN ({known}) THEN {column.name} END"
    return f"{value} AS {_alias(column)}"


def _alias(column: Column) -> str:
    return STAGED_AS.get(column.name, column.name)

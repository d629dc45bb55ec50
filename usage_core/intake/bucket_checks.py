"""The checks every row of sums passes, as `checks` has them for rows of calls."""

from collections.abc import Collection, Mapping

from usage_core.buckets import COLUMNS
from usage_core.intake.checks import MORE_KEPT, MORE_KEPT_SAID, TYPES, check_of, problem
from usage_core.intake.rows import CARRIED, SHOWN_VALUE, as_it_came
from usage_core.schema import Form

_CHECKS = {column: check_of(column) for column in COLUMNS}

_BACKWARDS = "bad_period_start IS NULL AND period_end <= period_start"
_TOO_MANY = "coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) > input_tokens"

_TOGETHER = {
    "period_end": (_BACKWARDS, "'The period ends before it begins.'"),
    "input_tokens": (
        _TOO_MANY,
        "'More tokens were read from and written to a cache than were sent at all.'",
    ),
    "cache_write_1h_tokens": (MORE_KEPT, MORE_KEPT_SAID),
}
"""Fields that are good alone -> when they are not beside the others, and why."""


def checked_buckets(rows: str, given: Collection[str], guarded: bool, original: Mapping[str, str]) -> str:
    """SQL for the rows of a query, checked: typed values of all of `buckets.COLUMNS`, and beside them what
    `checks.checked` has: `record`, `skip`, `bad_field`, `bad_value`, `reason`, `original`."""
    kept = "".join(f", {column}" for column in original.values())
    fields = [column for column in COLUMNS if column.name in given]
    names = [column.name for column in fields]
    raw = ", ".join(f"{name} AS raw_{name}" for name in names)
    values = ", ".join(
        f"{f'raw_{each.name}' if each.form is Form.TEXT else _CHECKS[each].value} AS {each.name}"
        for each in fields
    )
    missing = "".join(
        f", NULL::{TYPES[each.form]} AS {each.name}" for each in COLUMNS if each.name not in given
    )
    problems = ", ".join(
        f"{problem(each, _CHECKS[each], must=each.required)} AS bad_{each.name}" for each in fields
    )
    wrong = " ".join(f"WHEN bad_{name} IS NOT NULL THEN '{name}'" for name in names)
    wrong += "".join(f" WHEN {when} THEN '{name}'" for name, (when, _) in _TOGETHER.items())
    value = " ".join(f"WHEN '{name}' THEN raw_{name}" for name in names)
    why = ", ".join(f"bad_{name}" for name in names)
    together = " ".join(f"WHEN {when} THEN {said}" for when, said in _TOGETHER.values())
    return f"""
    SELECT {", ".join(column.name for column in COLUMNS)}, record, skip,
        CASE WHEN broken IS NULL AND skip IS NULL THEN CASE {wrong} END END AS bad_field,
        left(CASE bad_field {value} END, {SHOWN_VALUE}) AS bad_value,
        coalesce(broken, skip, {why}, CASE {together} END) AS reason,
        CASE WHEN reason IS NOT NULL AND skip IS NULL AND broken IS NULL
            THEN {as_it_came(original, guarded)} END AS original
    FROM (SELECT *, {problems}
          FROM (SELECT *, {values}{missing} FROM (SELECT {raw}, {", ".join(CARRIED)}{kept} FROM ({rows}))))
    """

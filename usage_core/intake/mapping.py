"""A mapping: which column of a file is which field of a call, and how its values are written.

It is data, which a person makes for files that no format knows, and keeps by name; `as_format` makes a
format of it, so that its files pass through the same intake as any other.
"""

import json
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field
from typing import Any

from usage_core.errors import MappingRefused, SelectionError
from usage_core.importers.format import Format, Layout
from usage_core.intake import mapping_sql
from usage_core.intake.mapping_sql import UNITS, Written
from usage_core.schema import BY_NAME
from usage_core.timeframe import zone_info

At = tuple[str, ...]
"""Where a value is: a heading and, within objects, further keys."""

REQUIRED = ("called_at", "api_key_id", "model")
FIXABLE = ("api_key_id", "api_key_name", "provider", "model")
"""Fields that one text may stand for in all rows."""

FIELDS = (
    "called_at",
    "model",
    "api_key_id",
    "api_key_name",
    "provider",
    "input_tokens",
    "output_tokens",
    "completion_time_ms",
    "cost_pico",
    "input_price",
    "output_price",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "time_to_first_token_ms",
    "status",
    "kind",
    "service_tier",
    "source_call_id",
)
"""Fields that a column may be mapped to, in the order in which a person is asked for them."""

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class From:
    """Where a field comes from: a place in each row, or one text for all of them."""

    at: At = ()
    unit: str = ""
    """How values are written, one of `UNITS` of the field; empty for the first of them."""
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a file's columns mean. Times without an offset are of `zone`."""

    fields: AnyMapping[str, From] = field(default_factory=dict)
    zone: str = "UTC"
    comma: bool = False
    """Whether numbers have a comma before their decimals."""

    def check(self) -> None:
        """See whether it can be meant.

        Raises:
            MappingRefused: a field is missing, named twice or unknown, or a unit or zone is.
        """
        try:
            zone_info(self.zone)
        except SelectionError as error:
            raise MappingRefused(str(error)) from None
        for name, given in self.fields.items():
            _check_field(name, given)
        for name in REQUIRED:
            if name not in self.fields:
                raise MappingRefused(f"Say which column is {BY_NAME[name].label}: a call is not one without.")
        if {"cache_write_1h_tokens", "cache_write_tokens"} & self.fields.keys() == {"cache_write_1h_tokens"}:
            label, all_written = (BY_NAME[f"cache_write_{name}"].label for name in ("1h_tokens", "tokens"))
            raise MappingRefused(f"Say which column is {all_written}, too: {label} are counted among them.")

    def text(self) -> str:
        """The mapping as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of(cls, text: str) -> "Mapping":
        """The mapping that JSON holds.

        Raises:
            MappingRefused: it holds none.
        """
        try:
            given: dict[str, Any] = json.loads(text)
            fields = {
                str(name): From(tuple(map(str, each["at"])), str(each["unit"]), str(each["fixed"]))
                for name, each in given["fields"].items()
            }
            found = cls(fields, str(given["zone"]), bool(given["comma"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MappingRefused(f"This is no mapping: {type(error).__name__}.") from None
        found.check()
        return found


def _check_field(name: str, given: From) -> None:
    if name not in FIELDS:
        raise MappingRefused(f"A call has no field {name!r}.")
    label = BY_NAME[name].label
    if bool(given.at) == bool(given.fixed):
        raise MappingRefused(f"{label} needs either a column or a text for all rows.")
    if given.fixed and name not in FIXABLE:
        raise MappingRefused(f"{label} cannot be the same in all rows.")
    if given.unit and given.unit not in UNITS.get(name, ()):
        raise MappingRefused(f"{label} cannot be given as {given.unit!r}.")
    if not mapping_sql.can_be_read(given.at[1:]):
        raise MappingRefused(f"{label}: a key with a quote or a backslash in it cannot be read.")


def as_format(name: str, mapping: Mapping) -> Format:
    """The format of files that are read by a mapping.

    Raises:
        MappingRefused: see `Mapping.check`.
    """
    mapping.check()
    headings = list(dict.fromkeys(each.at[0] for each in mapping.fields.values() if each.at))
    columns = {heading: f"column_{place}" for place, heading in enumerate(headings)}
    sources = {
        field: mapping_sql.held(columns[each.at[0]], each.at[1:]) if each.at else mapping_sql.text(each.fixed)
        for field, each in mapping.fields.items()
    }
    units = {field: each.unit for field, each in mapping.fields.items()}
    written = Written(units, mapping.zone, mapping.comma)
    needed = [each.at[0] for field, each in mapping.fields.items() if each.at and field in REQUIRED]
    return Format(
        name=f"mapping {name}",
        label=f"mapping {name}",
        columns={column: (heading,) for heading, column in columns.items()},
        fingerprint=frozenset(columns[heading] for heading in needed),
        in_csv=frozenset(columns.values()),
        steps=mapping_sql.steps(sources, written),
        fields=mapping_sql.fields(sources, written),
        # Beside what is read of an object, others in it may be prompts or people.
        private=frozenset(columns[each.at[0]] for each in mapping.fields.values() if len(each.at) > 1),
        layouts=frozenset(Layout),
        input_count=mapping_sql.input_count(sources, written),
    )

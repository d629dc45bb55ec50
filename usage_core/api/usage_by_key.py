"""Usage by API key as the Langdock usage export has it: what is asked for, and its rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.export import csv_lines, json_lines, typed
from usage_core.export.sums import Summed
from usage_core.metrics.answer import coverage
from usage_core.schema import Column, Form
from usage_core.selection import Selection
from usage_core.store.lake import Lake
from usage_core.store.rows import arrow
from usage_core.timeframe import Timeframe, zone_info

ORGANISATION = "api-usage-console"
"""What stands for the workspace, of which there is one."""
NAMES = {
    "calls": "requests",
    "cost_usd": "total_cost_usd",
    "input_tokens": "sum_prompt_tokens",
    "output_tokens": "sum_completion_tokens",
    "cache_read_tokens": "cached_prompt_tokens",
    "cache_write_tokens": "cache_creation_tokens",
    "no_cache_tokens": "no_cache_tokens",
}
"""Sums, and what they are called here."""
NEXT = (timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1), timedelta())
"""What may be missing from the last moment of a period to its end: 23:59:59.999, 23:59:59, or nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A period, from its first moment to its last as the clocks of two zones show them; by model or not."""

    first: datetime
    last: datetime
    zone: str
    by_model: bool

    def selection(self, only: tuple[str, ...] | None) -> Selection:
        """The calls that are meant, of the keys in sight.

        Raises:
            SelectionError: the period does not begin or end on a whole minute, or ends before it begins.
        """
        try:
            ends = [self.last + further for further in NEXT]
            end = next((each for each in ends if not each.second and not each.microsecond), self.last)
            frame = Timeframe(self.first.astimezone(UTC), end.astimezone(UTC), self.zone)
        except OverflowError:
            raise SelectionError("The period is outside the calendar.") from None
        return Selection(frame, only=only)

    @property
    def edges(self) -> dict[str, str]:
        """The two moments as they are answered, with their offsets."""
        return {
            name: moment.isoformat(timespec="milliseconds")
            for name, moment in (("from", self.first), ("to", self.last))
        }

    @property
    def file_name(self) -> str:
        """The name of a file of the rows."""
        return f"api-keys-usage-{self.first:%Y-%m-%d}-{self.last:%Y-%m-%d}.csv"

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a row, in order."""
        texts = ("period_start", "period_end", "org_id", "api_key_id", "api_key_name")
        model = ("provider", "model") if self.by_model else ()
        forms = {name: Form.PRICE if name == "total_cost_usd" else Form.WHOLE for name in NAMES.values()}
        every = dict.fromkeys((*texts, *model), Form.TEXT) | forms
        return tuple(Column(form, name, "", name=name) for name, form in every.items())


def asked(body: Any) -> Asked:
    """What the body of a request asks for.

    Raises:
        SelectionError: it says so, naming what is wrong of it.
    """
    if not isinstance(body, Mapping):
        raise SelectionError("The body is not a JSON object.")
    unknown = sorted(map(str, set(body) - {"from", "to", "group_by"}))
    if unknown:
        raise SelectionError(f"Not understood: {', '.join(each[:60] for each in unknown)}.")
    if body.get("group_by") not in (None, "model"):
        raise SelectionError("group_by can be model, or be left out.")
    (first, zone), (last, _) = (_edge(body.get(name), name) for name in ("from", "to"))
    return Asked(first, last, zone, body.get("group_by") == "model")


def _edge(given: Any, name: str) -> tuple[datetime, str]:
    """A moment and the name of its zone."""
    date, zone = (given.get(part) if isinstance(given, Mapping) else None for part in ("date", "timezone"))
    if not isinstance(date, str) or not isinstance(zone, str):
        raise SelectionError(
            f'{name} is written {{"date": "2026-11-01T00:00:00.000", "timezone": "Europe/Berlin"}}.'
        )
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        raise SelectionError(f"{name}.date is not a date with a time: {date[:60]!r}.") from None
    try:
        return moment.replace(tzinfo=zone_info(zone)), zone
    except SelectionError as error:
        raise SelectionError(f"{name}.timezone: {error}") from None


def rows(lake: Lake, of: Asked, selection: Selection) -> pa.Table:
    """The rows: a table with the columns of `of`."""
    with lake.reading() as connection:
        found = Summed(of.by_model).statement(selection, coverage(connection)).subquery("found").c
        fresh = (found.input_tokens - found.cache_read_tokens).label("no_cache_tokens")
        table = arrow(connection, sa.select(*found, fresh).order_by(*_order(found, of)))
    period = {"period_start": of.edges["from"], "period_end": of.edges["to"], "org_id": ORGANISATION}
    columns = {name: pa.array([text] * table.num_rows, pa.string()) for name, text in period.items()}
    for name in ("api_key_id", "api_key_name", *(("provider", "model") if of.by_model else ())):
        columns[name] = table[name]
    priced = typed.typed(table, [Column(Form.PICO, "", "", name="cost_pico")])
    for name, called in NAMES.items():
        columns[called] = priced[name] if name == "cost_usd" else table[name]
    return pa.table(columns)


def _order(found: Any, of: Asked) -> list[sa.ColumnElement[Any]]:
    names = ("api_key_id", *(("provider", "model") if of.by_model else ()))
    return [found[name].nulls_first() for name in names]


def as_csv(table: pa.Table, of: Asked) -> bytes:
    """The rows as CSV, with a header."""
    return csv_lines.header(of.columns) + csv_lines.lines(table, of.columns)


def as_json(table: pa.Table, of: Asked) -> bytes:
    """The rows as a JSON list of objects; amounts are numbers with all their digits."""
    return b"[" + b",".join(json_lines.lines(table, of.columns).split(b"\n")[:-1]) + b"]"


def read(raw: bytes) -> Any:
    """The body of a request.

    Raises:
        SelectionError: it is no JSON.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise SelectionError("The body is not JSON.") from None

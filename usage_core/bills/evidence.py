"""What a conclusion rests on, to look at and to send: every difference, and the lines of the bills behind."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from usage_core import wording
from usage_core.bills.conclude import Reconciled
from usage_core.bills.parts import Part
from usage_core.store.bill_tables import BILL_LINES, BILLS
from usage_core.store.rows import arrow, beside
from usage_core.text_guard import guard

EVIDENCE = (
    "Provider,Part,Difference (USD),Day,Model,API Key,Token Class,Billed (USD),Computed (USD),"
    "Billed Tokens,Logged Tokens,Billed USD per 1M,Computed USD per 1M,Lines of the Bill"
)


def evidence(found: Reconciled, *, header: bool = True) -> str:
    """Every difference as CSV, the largest first; safe to open as a table."""
    return "".join(f"{line}\n" for line in (*([EVIDENCE] if header else ()), *_rows(found)))


def _rows(found: Reconciled) -> Iterator[str]:
    for each in found.explained.findings if found.explained else ():
        texts = (found.period.provider, str(each.part))
        numbers = (each.billed, each.computed, each.quantity, each.tokens, each.their_price, each.our_price)
        yield ",".join(
            [
                *map(_text, texts),
                _number(each.usd),
                f"{each.day:%Y-%m-%d}" if each.day else "",
                *(_text(name or "") for name in (each.model, each.key, each.token_class)),
                *map(_number, numbers),
                _text(each.lines or ""),
            ]
        )


def _number(value: Decimal | int | None) -> str:
    return "" if value is None else wording.plain_decimal(Decimal(value))


def _text(value: str) -> str:
    """A field of text, guarded against formulas and quoted where needed."""
    safe = guard(value)
    return '"' + safe.replace('"', '""') + '"' if any(mark in safe for mark in ',"\r\n') else safe


b, ln = BILLS.c, BILL_LINES.c

LINES: dict[str, Any] = {
    "File": b.file_name,
    "Line": ln.line,
    "Amount": ln.amount,
    "Currency": b.currency,
    "First Day": sa.func.strftime(ln.first_day, "%Y-%m-%d"),
    "Last Day": sa.func.strftime(ln.until_day - sa.text("INTERVAL 1 DAY"), "%Y-%m-%d"),
    "Charge": ln.charge,
    "Model": ln.model,
    "API Key": sa.func.coalesce(ln.key_name, ln.api_key),
    "Project": ln.project,
    "Token Class": ln.token_class,
    "Tokens": ln.quantity,
    "Requests": ln.requests,
    "Description": ln.description,
}
"""What is told of a line of a bill, as the bill has it."""

_GIVEN = sa.table("behind_part", sa.column("bill_id"), sa.column("line"), sa.column("charge"))


def bill_lines(connection: sa.Connection, found: Reconciled, part: Part | None) -> pa.Table:
    """The lines of the bills behind a part, or behind all parts, the largest amounts first; columns as in
    `LINES`."""
    behind = found.explained.behind if found.explained else None
    if behind is not None and part is not None:
        behind = behind.filter(pc.equal(behind["part"], str(part)))
    if behind is None or not behind.num_rows:
        return pa.table({name: [] for name in LINES})
    which = sa.tuple_(ln.bill_id, ln.line, ln.charge).in_(sa.select(*_GIVEN.c))
    chosen = sa.select(*(column.label(name) for name, column in LINES.items()))
    chosen = chosen.join(BILLS, ln.bill_id == b.bill_id).where(which)
    largest = (sa.func.abs(ln.amount).desc(), b.file_name, ln.line, ln.charge)
    with beside(connection, behind_part=behind.select(["bill_id", "line", "charge"])):
        return arrow(connection, chosen.order_by(*largest))


def lines_csv(lines: pa.Table) -> str:
    """Lines of bills as CSV, amounts exact; safe to open as a table."""
    rows = (row.values() for batch in lines.to_batches() for row in batch.to_pylist())
    return "".join(f"{line}\n" for line in (",".join(LINES), *(_line(row) for row in rows)))


def _line(values: Iterable[Any]) -> str:
    return ",".join(
        _text(value or "") if isinstance(value, str | None) else _number(value) for value in values
    )

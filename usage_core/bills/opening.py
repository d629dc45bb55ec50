"""A bill's file, opened: as a table or as JSON, whatever format it is of."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

from usage_core.bills.format import BillRefused, Document, Record, plain_heading
from usage_core.bills.registry import recognised

MOST_BYTES = 100_000_000
"""A larger file is a log, not a bill."""


def opened(path: Path, name: str) -> Document:
    """A bill's file, as a table or as JSON.

    Raises:
        BillRefused: it cannot be read, is too large, or is neither.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BillRefused(
                f"{name} is larger than {MOST_BYTES // 10**6} MB, so it was not read as a bill."
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BillRefused(f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise BillRefused(f"{name} is not UTF-8 text. Save it as CSV UTF-8 or JSON and try again.") from None
    if text.lstrip()[:1] in ("{", "["):
        return Document(name, json=_json(text, name))
    return _table(text, name)


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        where = (
            f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "too large"
        )
        raise BillRefused(f"{name} is not whole JSON ({where}). Download it again.") from None


def _table(text: str, name: str) -> Document:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: tuple[str, ...] = ()
    records = []
    try:
        for row in reader:
            if not header:
                _check_commas(name, row)
                header = tuple(plain_heading(heading) for heading in row)
            elif any(field.strip() for field in row):
                if len(row) != len(header):
                    recognised(Document(name, header))  # a file of no known format is refused as that
                    raise BillRefused(
                        f"{name}, line {reader.line_num}: {len(row)} columns, where the header has "
                        f"{len(header)}. Nothing of the bill was stored."
                    )
                records.append(Record(reader.line_num, dict(zip(header, row, strict=True))))
    except csv.Error:
        raise BillRefused(
            f"{name}, line {reader.line_num} is no row of CSV: a quotation mark stands within a field, or is "
            "not closed. Nothing of the bill was stored."
        ) from None
    doubled = sorted({heading for heading in header if heading and header.count(heading) > 1})
    if doubled:
        raise BillRefused(
            f"{name} has more than one column {doubled[0]!r}. Remove all but one and try again."
        )
    return Document(name, header, records)


def _check_commas(name: str, header: list[str]) -> None:
    for mark, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            raise BillRefused(
                f"{name} has {called} between its columns, as spreadsheets in some countries write them. "
                "Save it as CSV with commas between the columns and points in the amounts, as the provider "
                "gives it. Nothing was stored."
            )

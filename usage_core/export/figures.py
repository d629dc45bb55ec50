"""Figures for programs: the rows of an answer as JSON values or CSV, money as exact decimals."""

import csv
import io
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import pandas as pd

from usage_core import wording
from usage_core.text_guard import guard

Plain: TypeAlias = str | int | None


def records(frame: pd.DataFrame) -> list[dict[str, Plain]]:
    """Rows as JSON has them: amounts and ratios as decimal strings, periods as local times, None unknown."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def csv_text(frame: pd.DataFrame, texts: Collection[str]) -> bytes:
    """Rows as CSV with a header, the columns in `texts` safe to open in a spreadsheet; unknown is empty."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in records(frame):
        writer.writerow(
            guard(value) if name in texts and isinstance(value, str) else value for name, value in row.items()
        )
    return written.getvalue().encode()


def _plain(value: Any) -> Plain:
    if isinstance(value, Decimal):
        return wording.plain_decimal(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None else int(value) if not isinstance(value, str) else value

"""What a file's rows are: their columns, and how they are read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import sqlalchemy as sa

from usage_core.schema import Column
from usage_core.selection import Selection


@dataclass(frozen=True, slots=True)
class Content:
    """The columns of a file, and what reads a selection's rows in tables that have a column of each name."""

    columns: Sequence[Column]
    tables: Callable[[sa.Connection, Selection], Iterator[pa.Table]]

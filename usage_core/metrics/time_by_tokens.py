"""How completion times go with output tokens: calls counted in cells of both, on logarithmic scales.

No rollup holds both, so the selection's calls are read: two narrow columns, in one pass, however many
calls there are. Ask for it only when somebody looks.
"""

from typing import Any

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.covers import Coverage
from usage_core.metrics.question import MOST_ROWS, conditions
from usage_core.selection import Selection
from usage_core.store.tables import CALLS

TOKENS_PER_DOUBLING, TIMES_PER_DOUBLING = 2, 4
"""So many cells for each doubling."""

c = CALLS.c


def time_by_tokens(
    connection: sa.Connection, selection: Selection, _coverage: Coverage | None = None
) -> pd.DataFrame:
    """Calls by output tokens and completion time, of calls where both are known.

    One row per cell with calls: tokens_from and tokens_to, ms_from and ms_to (floats, lower included,
    upper not), calls. 0 tokens or 0 ms are in the cell of 1. Exact; ordered by tokens, then time.
    """
    tokens, ms = _cell(c.output_tokens, TOKENS_PER_DOUBLING), _cell(c.completion_time_ms, TIMES_PER_DOUBLING)
    known = (c.output_tokens.is_not(None), c.completion_time_ms.is_not(None))
    cells = sa.select(tokens.label("tokens"), ms.label("ms"), sa.func.count().label("calls"))
    cells = cells.where(*conditions(selection), *known).group_by(tokens, ms).order_by(tokens, ms)
    found = connection.execute(cells.limit(MOST_ROWS)).all()
    columns = {
        f"{name}_{end}": [2 ** ((getattr(row, name) + step) / per) for row in found]
        for name, per in (("tokens", TOKENS_PER_DOUBLING), ("ms", TIMES_PER_DOUBLING))
        for end, step in (("from", 0), ("to", 1))
    }
    frame = pd.DataFrame(columns, dtype=float)
    return frame.assign(calls=pd.Series([int(row.calls) for row in found], dtype="int64"))


def _cell(amount: sa.ColumnElement[Any], per_doubling: int) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.floor(sa.func.log2(sa.func.greatest(amount, 1)) * per_doubling), sa.SmallInteger())

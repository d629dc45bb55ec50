"""No question takes for ever, or all of a machine's memory."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.importing import Shelf
from usage_core import cached
from usage_core.answers import Stop
from usage_core.errors import TookTooLong
from usage_core.store import lake as lakes
from usage_core.store.columns import batches, by_column
from usage_core.store.lake import open_lake

ENDLESS = sa.text("SELECT a.range * b.range AS n FROM range(10000000) a, range(10000000) b")
COUNTED = sa.text("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range = 7")


@pytest.mark.parametrize(
    "work",
    [
        lambda connection: connection.execute(COUNTED).all(),
        lambda connection: by_column(connection, COUNTED),
        lambda connection: sum(batch.num_rows for batch in batches(connection, ENDLESS)),
    ],
    ids=["rows", "columns", "batches"],
)
@pytest.mark.parametrize("hot", [False, True])
def test_what_takes_too_long_is_given_up_in_words_and_the_next_is_answered(
    module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch, work: Callable[[sa.Connection], Any], hot: bool
) -> None:
    lake = module_shelf.lake
    if hot:
        lake.keep_hot()
        assert lake.hot is not None
        lake.hot.make()
    monkeypatch.setattr(cached, "LIMIT_S", 0.2)
    with pytest.raises(TookTooLong, match="Choose a shorter timeframe"):
        cached.compute(lake, work, Stop())
    one = cached.compute(lake, lambda connection: connection.execute(sa.text("SELECT 1")).scalar(), Stop())
    assert one == 1


def test_memory_is_bounded_and_what_needs_more_goes_on_by_way_of_the_disk(
    module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lakes, "memory_mb", lambda: 30)
    lake = open_lake(module_shelf.lake.folder)
    # More numbers to put in order, of 32 MB, than there is memory for.
    last = sa.text("SELECT hash(range) AS n FROM range(4000000) ORDER BY n DESC LIMIT 1 OFFSET 3999999")
    held = sa.text("SELECT memory_limit FROM pragma_database_size()")
    with lake.reading() as connection:
        assert connection.execute(held).scalars().first() == "28.6 MiB"
        assert connection.execute(last).scalar_one() < 10**13
    lake.close()

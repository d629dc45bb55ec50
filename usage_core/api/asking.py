"""Asking the store on the way to an answer: in a thread of its own, and for a limited time."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from anyio import to_thread

from usage_core.store import limited
from usage_core.store.lake import Lake
from usage_core.store.limited import Stop

LIMIT_S = 60

Found = TypeVar("Found")


async def found(lake: Lake, work: Callable[[sa.Connection], Found]) -> Found:
    """What `work` finds by a connection on the store.

    Raises:
        TookTooLong: it was not found within LIMIT_S.
    """
    return await to_thread.run_sync(partial(limited.ask, lake, work, Stop(), LIMIT_S))

"""A program that has to end waits for what is being written, or has it undone."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.importing import Shelf
from usage_core.errors import GivenUp
from usage_core.store.tables import WORKSPACE

LONG = "SELECT count(*) FROM range(1000000000) a, range(1000000) b"


def in_the_midst(shelf: Shelf, then: str) -> tuple[threading.Thread, list[BaseException | None]]:
    """A thread that has written something and goes on with a statement; and how it ended."""
    begun, ended = threading.Event(), list[BaseException | None]()

    def write() -> None:
        try:
            with shelf.lake.writing() as connection:
                connection.execute(sa.insert(WORKSPACE).values(name="half", value="done"))
                begun.set()
                connection.execute(sa.text(then))
            ended.append(None)
        except GivenUp as error:
            ended.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    return thread, ended


def is_there(shelf: Shelf) -> bool:
    with shelf.lake.reading() as connection:
        found = connection.execute(sa.select(WORKSPACE.c.value).where(WORKSPACE.c.name == "half"))
        return found.scalar() == "done"


@pytest.fixture
def ending(shelf: Shelf) -> Callable[[], None]:
    shelf.dirty = True
    return lambda: shelf.lake.underway.give_up(60)


def test_what_takes_too_long_is_undone_and_nothing_more_is_begun(
    shelf: Shelf, ending: Callable[[], None]
) -> None:
    thread, ended = in_the_midst(shelf, LONG)
    assert not shelf.lake.underway.wait(0)
    ending()
    thread.join()
    assert isinstance(ended[0], GivenUp)
    assert not is_there(shelf)
    with pytest.raises(GivenUp), shelf.lake.writing():
        raise AssertionError("begun after the end")
    assert shelf.lake.underway.wait(0)


def test_what_ends_in_time_is_stored(shelf: Shelf, ending: Callable[[], None]) -> None:
    thread, ended = in_the_midst(shelf, "SELECT 1")
    assert shelf.lake.underway.wait(60)
    thread.join()
    ending()
    assert ended == [None]
    assert is_there(shelf)

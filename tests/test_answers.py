"""The cache of answers: one computation for all who wait, bounded, interrupted when nobody waits."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from usage_core.answers import Answers
from usage_core.store.limited import Stop

PATIENCE_S = 60


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers(most_bytes=100_000, threads=2)
    yield made
    made.close()


class Work:
    """Work that goes on until it is told to finish, or stopped."""

    def __init__(self, answer: Any = "found") -> None:
        self.answer, self.runs = answer, 0
        self.begun, self.finish, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, stop: Stop) -> Any:
        self.runs += 1
        stop.by(self._stop)
        self.begun.set()
        assert self.finish.wait(PATIENCE_S)
        stop.by(None)
        if self.stopped.is_set():
            raise InterruptedError
        return self.answer

    def _stop(self) -> None:
        self.stopped.set()
        self.finish.set()


class Gone(Exception):
    pass


def leaving(when: threading.Event) -> Callable[[], None]:
    def still_wanted() -> None:
        if when.is_set():
            raise Gone

    return still_wanted


def test_many_who_ask_at_once_have_one_computation(answers: Answers) -> None:
    work = Work()
    with ThreadPoolExecutor(20) as visitors:
        asked = [visitors.submit(answers.get, "key", work) for _ in range(20)]
        assert work.begun.wait(PATIENCE_S)
        work.finish.set()
        assert [each.result(PATIENCE_S) for each in asked] == ["found"] * 20
    assert answers.get("key", work) == "found"
    assert work.runs == 1


def test_what_is_known_waits_for_nobody(answers: Answers) -> None:
    answers.get("known", lambda _stop: 1)
    slow = [Work(), Work(), Work()]  # one more than there are threads
    with ThreadPoolExecutor(3) as visitors:
        asked = [visitors.submit(answers.get, each, each) for each in slow]
        assert slow[0].begun.wait(PATIENCE_S)
        assert answers.get("known", lambda _stop: 2) == 1
        for each in slow:
            each.finish.set()
        assert [each.result(PATIENCE_S) for each in asked] == ["found"] * 3


def test_an_error_is_told_and_not_kept(answers: Answers) -> None:
    def fail(_stop: Stop) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        answers.get("key", fail)
    assert answers.get("key", lambda _stop: "well") == "well"


def test_a_timeout_of_the_work_is_its_error(answers: Answers) -> None:
    def fail(_stop: Stop) -> None:
        raise TimeoutError("the disk")

    with pytest.raises(TimeoutError, match="the disk"):
        answers.get("key", fail)


def test_memory_is_bounded_and_the_least_used_goes_first(answers: Answers) -> None:
    for number in range(3):
        answers.get(number, lambda _stop: bytes(40_000))
        answers.get(0, lambda _stop: bytes(40_000))
    assert answers.get(0, lambda _stop: "anew") == bytes(40_000)
    assert answers.get(1, lambda _stop: "anew") == "anew"


def test_what_is_larger_than_the_cache_is_answered_and_not_kept(answers: Answers) -> None:
    assert answers.get("key", lambda _stop: bytes(200_000)) == bytes(200_000)
    assert answers.get("key", lambda _stop: "anew") == "anew"


def test_the_last_to_leave_stops_the_work(answers: Answers) -> None:
    work, gone = Work(), threading.Event()
    with ThreadPoolExecutor(2) as visitors:
        asked = [visitors.submit(answers.get, "key", work, leaving(gone)) for _ in range(2)]
        assert work.begun.wait(PATIENCE_S)
        gone.set()
        assert [type(each.exception(PATIENCE_S)) for each in asked] == [Gone, Gone]
        assert work.stopped.wait(PATIENCE_S)
    assert answers.get("key", lambda _stop: "anew") == "anew"


def test_one_who_leaves_does_not_stop_what_another_waits_for(answers: Answers) -> None:
    work, gone = Work(), threading.Event()
    with ThreadPoolExecutor(2) as visitors:
        leaver = visitors.submit(answers.get, "key", work, leaving(gone))
        assert work.begun.wait(PATIENCE_S)
        stayer = visitors.submit(answers.get, "key", work)
        gone.set()
        assert isinstance(leaver.exception(PATIENCE_S), Gone)
        assert not work.stopped.is_set()
        work.finish.set()
        assert stayer.result(PATIENCE_S) == "found"


def test_work_stopped_before_it_said_how_is_stopped_then() -> None:
    stop, stopped = Stop(), []
    stop()
    stop.by(lambda: stopped.append(True))
    assert stopped


def test_forgotten_answers_are_computed_again(answers: Answers) -> None:
    answers.get("key", lambda _stop: 1)
    answers.clear()
    assert answers.get("key", lambda _stop: 2) == 2

"""Names from outside are shown with nothing hidden in them, and are still told apart."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_core.cli.printing import Terminal
from usage_core.names import HIDDEN, NO_NAME, shown, told_apart, visible, visible_lines

TURNING = [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
"""Every control of the bidirectional algorithm (UAX #9)."""


@pytest.mark.parametrize("control", TURNING, ids=unicodedata.name)
def test_what_turns_the_text_is_seen_and_turns_nothing(control: str) -> None:
    assert visible(f"gpt{control}4o") == f"gpt{HIDDEN}4o"
    assert visible(control + "a" + control) == HIDDEN + "a" + HIDDEN


@given(st.text(st.characters(codec=None), max_size=20))
def test_nothing_that_is_left_controls_anything(text: str) -> None:
    left = visible(text)
    kinds = {unicodedata.category(char) for char in left if char not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(left) == len(text)
    assert visible(left) == left


def test_what_is_written_with_joiners_stays_as_it_is() -> None:
    for text in ("👩\u200d💻 laptop", "می\u200cخواهم", "שלום", "e\u0301", "日本\u3000語"):
        assert visible(text) == text
    assert visible("check\u200dout") == f"check{HIDDEN}out"
    assert visible("a\tb\nc\u2028d\x1b[2J") == f"a b c d{HIDDEN}[2J"
    assert visible_lines("a\u202e\nb") == f"a{HIDDEN}\nb"
    assert shown(" ") == shown(None) == NO_NAME


def test_names_that_look_alike_are_told_apart() -> None:
    names = ["a\u202e", "a\u202d", "a\u202a", "a", f"a{HIDDEN} (2)"]
    apart = told_apart(names)
    assert list(apart) == names
    assert len(set(apart.values())) == len(names)
    assert apart["a"] == "a"


def test_a_terminal_is_given_no_orders_by_data() -> None:
    terminal = Terminal(width=80, highlight=False)
    with terminal.capture() as said:
        terminal.print("a\x1b[31m\u202eb\nc", markup=False, soft_wrap=True)
    assert said.get() == f"a{HIDDEN}[31m{HIDDEN}b\nc\n"

"""Settings of the environment that are no store's."""

import pytest

from usage_core.errors import SettingRefused
from usage_core.settings import AT_ONCE, EXPORTS_AT_ONCE, load


@pytest.mark.parametrize(("given", "expected"), [("", AT_ONCE), ("1", 1), (" 12 ", 12)])
def test_how_many_files_are_sent_at_a_time(given: str, expected: int) -> None:
    assert load({EXPORTS_AT_ONCE: given}).exports_at_once == expected


@pytest.mark.parametrize("given", ["0", "-1", "many", "1001", "1.5"])
def test_a_number_that_cannot_be_meant(given: str) -> None:
    with pytest.raises(SettingRefused, match=EXPORTS_AT_ONCE):
        load({EXPORTS_AT_ONCE: given})

"""Every chart that these tests draw is held against the schema of Vega-Lite."""

import sys
from collections.abc import Iterator

import pytest
from altair.utils.schemapi import debug_mode


@pytest.fixture(autouse=True, scope="module")
def _checked() -> Iterator[None]:
    """Specs made before, unchecked, are made anew."""
    for name, module in list(sys.modules.items()):
        if name.startswith("usage_core.charts"):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()
    with debug_mode(True):
        yield

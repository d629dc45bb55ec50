"""A file that holds sums is refused with words that say where the calls are."""

import json
from pathlib import Path

import pytest

from usage_core.errors import UnrecognisedFile
from usage_core.importers.refused import KNOWN
from usage_core.importers.registry import formats
from usage_core.intake.source import open_source

DAY = {
    "startTime": "2026-08-03",
    "spend": 0.02,
    "users": {"": 0.02},
    "models": {"gpt-4o": 0.02},
    "88dc": 0.02,
}
BILLS = Path(__file__).parents[1] / "samples" / "bills"


def refused(path: Path) -> str:
    with pytest.raises(UnrecognisedFile) as caught:
        open_source(path, path.name)
    return str(caught.value)


def test_the_summary_of_litellm_says_which_request_gives_the_calls(tmp_path: Path) -> None:
    (tmp_path / "logs.json").write_text(json.dumps([DAY, DAY | {"startTime": "2026-08-04"}]))
    said = refused(tmp_path / "logs.json")
    assert said.startswith("logs.json holds LiteLLM's spend by day, which are sums and no calls, so nothing")
    assert "&summarize=false" in said


@pytest.mark.parametrize(
    "name",
    [
        "openai_costs.json",
        "openai_dashboard.csv",
        "anthropic_report.json",
        "anthropic_console.csv",
    ],
)
def test_a_bill_is_sent_to_where_bills_are_checked(name: str) -> None:
    assert "on the page Reconcile" in refused(BILLS / name)


def test_no_refused_sums_are_of_a_format() -> None:
    for sums in KNOWN:
        assert not any(known.recognises(list(sums.headings)) for known in formats())

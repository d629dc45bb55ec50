"""A seeded, realistic log of language-model API calls, with a story in it worth finding.

The same arguments give the same bytes on any machine. Whole numbers come straight from PCG64's
raw stream (numpy promises that stream, not what its distributions make of it), and only operations
that IEEE 754 rounds exactly follow, never a run-time `exp` or a sum of floats.
"""

from usage_core.sample.csv import write_csv
from usage_core.sample.generate import SCHEMA, batches
from usage_core.sample.story import Story, key_id, story

SAMPLE_CALLS = 250_000
SAMPLE_DAYS = 120
SAMPLE_SEED = 7
"""The sample that `SAMPLE_CALLS` over `SAMPLE_DAYS` with this seed is: a mid-size company."""

__all__ = [
    "SAMPLE_CALLS",
    "SAMPLE_DAYS",
    "SAMPLE_SEED",
    "SCHEMA",
    "Story",
    "batches",
    "key_id",
    "story",
    "write_csv",
]

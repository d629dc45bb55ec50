"""Every sample of sums is recognised by one format, and kept as the buckets that its golden file says.

`USAGE_WRITE_GOLDENS=1` writes the golden files anew; read the difference before you keep it.
"""

import json
import os
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.importers.test_damage import WAYS, Damage
from tests.importers.test_samples import COUNTS
from tests.importing import Shelf
from usage_core.errors import UsageError
from usage_core.importers.registry import formats
from usage_core.intake.source import open_source
from usage_core.store.tables import BUCKETS

SAMPLES = Path(__file__).parents[1] / "samples" / "sums"
FILES = sorted(path for path in SAMPLES.iterdir() if ".golden." not in path.name)
WHENCE = ("import_id", "imported_at")


def buckets(shelf: Shelf) -> list[dict[str, Any]]:
    columns = [column for column in BUCKETS.columns if column.name not in WHENCE]
    with shelf.lake.reading() as connection:
        return [dict(row) for row in connection.execute(sa.select(*columns).order_by(*columns)).mappings()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_kept_as_its_golden_file_says(shelf: Shelf, path: Path) -> None:
    receipt = shelf.take_file(path)
    counted = {name: value for name, value in asdict(receipt).items() if name in COUNTS}
    period = {name: getattr(receipt, name) for name in ("first_period_start", "last_period_end")}
    aside = shelf.set_aside(receipt)
    told = counted | period | {"set_aside": aside, "buckets": buckets(shelf)}
    found, expected = (
        json.dumps(told, indent=1, ensure_ascii=False, default=str),
        path.with_suffix(".golden.json"),
    )
    if os.environ.get("USAGE_WRITE_GOLDENS"):
        expected.write_text(found + "\n", encoding="utf-8")
    assert json.loads(found) == json.loads(expected.read_text(encoding="utf-8"))
    again = shelf.take_file(path)
    assert (again.rows_stored, again.rows_duplicate) == (0, receipt.rows_stored)
    assert json.loads(json.dumps(buckets(shelf), default=str)) == json.loads(found)["buckets"]
    assert not shelf.stored()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_of_one_format(path: Path) -> None:
    source = open_source(path, path.name)
    known = [each for each in formats() if each.recognises(source.header, source.layout)]
    assert known == [source.format]
    assert source.format.sums
    assert path.stem.startswith(source.format.name)


def test_every_format_of_sums_has_a_sample() -> None:
    for known in formats():
        assert not known.sums or any(path.stem.startswith(known.name) for path in FILES)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(FILES), st.sampled_from(WAYS), st.integers(0, 2**32))
def test_every_row_is_accounted_for(module_shelf: Shelf, path: Path, damage: Damage, seed: int) -> None:
    raw = damage(path.read_bytes(), random.Random(seed))
    try:
        receipt = module_shelf.take(raw, "", path.name)  # which adds its rows up
    except UsageError as error:
        assert path.name in str(error)
    else:
        assert all(line >= 1 and reason for line, _, _, reason in module_shelf.set_aside(receipt))

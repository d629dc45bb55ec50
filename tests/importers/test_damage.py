"""Whatever is done to a file of any format, every row of it is accounted for, or it is refused in words."""

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.importing import Shelf
from usage_core.errors import UsageError
from usage_core.importers.format import Format, Layout
from usage_core.importers.registry import formats
from usage_core.intake.mapping import REQUIRED, From, as_format
from usage_core.intake.mapping_look import look
from usage_core.intake.mapping_suggest import suggest

SAMPLES = Path(__file__).parents[1] / "samples"
FILES = sorted(path for path in SAMPLES.iterdir() if path.is_file() and ".golden." not in path.name)

ODD = ["", " ", "-1", "1e99", "1" * 40, "NaN", "null", "{}", "[]", '{"input": {}}', "'", '"', "\x00", "=1+1"]
ODD += ["2026-02-30", "9999999999999999999", "1785748447.4", "x" * 5000, "\ud83d\ude00", "[[[[", '{"a":']
ODD_JSON = [None, True, -1, 1.5, 1e308, 10**40, "", "x" * 5000, [], {}, [[]] * 3, {"a": {"b": [None]}}, *ODD]

Damage = Callable[[bytes, random.Random], bytes]


def cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def overwritten(raw: bytes, chance: random.Random) -> bytes:
    at, junk = chance.randrange(len(raw)), chance.randbytes(chance.randint(1, 30))
    return raw[:at] + junk + raw[at + chance.randint(0, 30) :]


def is_binary(raw: bytes) -> bool:
    return b"\x00" in raw


def odd_values(raw: bytes, chance: random.Random) -> bytes:
    """Values of other types, in some fields of some rows."""
    if is_binary(raw):
        return overwritten(overwritten(raw, chance), chance)
    text = raw.decode()
    if text[:1] not in "[{":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        for row in rows[1:]:
            row[chance.randrange(len(row))] = chance.choice(ODD)
        return written(rows)
    lines = [text] if text.startswith(("[\n", "{\n")) else text.splitlines()
    return "\n".join(json.dumps(odd(_json(line), chance)) for line in lines).encode("utf-8", "surrogatepass")


def _json(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return line


def odd(value: object, chance: random.Random) -> object:
    if chance.random() < 0.05:
        return chance.choice(ODD_JSON)
    if isinstance(value, dict):
        return {key: odd(each, chance) for key, each in value.items()}
    return [odd(each, chance) for each in value] if isinstance(value, list) else value


def shuffled(raw: bytes, chance: random.Random) -> bytes:
    """Columns in another order, some of them twice or not at all."""
    if raw[:1] in b"[{" or is_binary(raw):
        return overwritten(raw, chance)
    text = raw.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    order = chance.choices(range(len(rows[0])), k=len(rows[0]) + 2)
    if chance.random() < 0.7:
        order = chance.sample(range(len(rows[0])), len(rows[0]))
    return written([[row[place] for place in order if place < len(row)] for row in rows])


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def nothing_but_noise(raw: bytes, chance: random.Random) -> bytes:
    """Random bytes, behind as much of the beginning as makes the file what it was taken for."""
    return raw[: chance.choice([0, 4, 40, 400])] + chance.randbytes(chance.randint(1, 2000))


def huge(raw: bytes, chance: random.Random) -> bytes:
    """A value, or a line, of a few megabytes."""
    at = chance.randrange(len(raw))
    return (
        raw[:at]
        + chance.choice([b"x", b"7", b'"', b"\xc3\xa4", b"\n"]) * chance.randint(1, 3 << 20)
        + raw[at:]
    )


def bomb(raw: bytes, chance: random.Random) -> bytes:
    """A value nested without end, in place of one, or between two."""
    depth = chance.choice([50, 5_000, 100_000])
    nested = chance.choice(
        [b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth]
    )
    if chance.random() < 0.5 and (places := [at for at in range(len(raw) - 1) if raw[at : at + 2] == b": "]):
        at = chance.choice(places) + 2
        return raw[:at] + nested + b", " * chance.randint(0, 1) + raw[at:]
    at = chance.randrange(len(raw))
    return raw[:at] + nested + raw[at + chance.randint(0, 9) :]


WAYS = [cut, overwritten, odd_values, shuffled, nothing_but_noise, huge, bomb]


@dataclass(frozen=True)
class Original:
    """A whole file, and the format that the mapping which it suggests is."""

    name: str
    raw: bytes = field(repr=False)
    mapped: Format = field(repr=False)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Original]:
    """Every sample; and of each format that is read from Parquet, too, its sample as that."""
    folder = tmp_path_factory.mktemp("originals")
    columnar = {known.name for known in formats() if Layout.PARQUET in known.layouts}
    for path in FILES:
        (folder / path.name).write_bytes(path.read_bytes())
        if path.suffix == ".csv" and path.stem.split("_")[0] in columnar:
            duckdb.read_csv(str(path), all_varchar=True).write_parquet(str(folder / f"{path.stem}.parquet"))
    return [original(path, folder / "unpacked") for path in sorted(folder.iterdir())]


def original(path: Path, folder: Path) -> Original:
    folder.mkdir(exist_ok=True)
    mapping = suggest(look(path, path.name, folder), "Europe/Berlin")
    fields = {name: From(("model",)) for name in REQUIRED} | dict(mapping.fields)
    return Original(path.name, path.read_bytes(), as_format("m", replace(mapping, fields=fields)))


def accounted_for(shelf: Shelf, name: str, raw: bytes, mapped: Format | None) -> bool:
    """Whether a file was read; each of its rows is good, bad or skipped, or it is refused in words."""
    try:
        found = shelf.look(raw, header="", name=name, mapped=mapped)
    except UsageError as error:
        assert name in str(error)
        return False
    assert found.rows == len(found.good) + len(found.bad) + found.skipped
    assert all(reason for *_, reason in found.bad)
    assert all(line is not None and line >= 1 for line in found.bad_lines)
    return True


@settings(
    max_examples=24,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0), st.sampled_from(WAYS), st.integers(0, 2**32), st.booleans())
def test_every_row_is_accounted_for(
    module_shelf: Shelf, originals: list[Original], place: int, damage: Damage, seed: int, mapped: bool
) -> None:
    found = originals[place % len(originals)]
    raw = damage(found.raw, random.Random(seed))
    accounted_for(module_shelf, found.name, raw, found.mapped if mapped else None)


@pytest.mark.parametrize("bomb", [b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b"[" * 100_000 + b"]" * 100_000])
def test_a_row_nested_without_end(module_shelf: Shelf, bomb: bytes) -> None:
    call = b'{"called_at": "2026-08-03T09:14:07Z", "api_key_id": "k", "model": "m", "usage": %s}\n'
    found = module_shelf.look(call % b"1" + call % bomb + call % b"[]", header="", name="nested.jsonl")
    assert (found.rows, len(found.good) + len(found.bad)) == (3, 3)


def test_damage_in_a_column_that_is_not_kept(module_shelf: Shelf) -> None:
    """DuckDB breaks down over it, and every session with it."""
    header = "Prompt,Team,Date,API Key ID,Model,Call Kind,Source Call ID\n"
    good = b"What is due?,web,2026-08-03T09:14:07Z,k,m,completion,1\n"
    found = module_shelf.look(good + good.replace(b"web", b"w\xff") + good, header=header, name="own.csv")
    assert (found.rows, found.bad) == (3, [(3, None, None, "The line is not UTF-8 text.")])


def test_amounts_that_no_call_costs(module_shelf: Shelf) -> None:
    header = "Date,API Key ID,Model,Call Kind,Cost (USD)\n"
    amounts = ["9999999999999999999", "1e40", "9300000", "9200000"]
    body = "".join(f"2026-08-03T09:14:07Z,k,m,completion,{amount}\n" for amount in amounts)
    found = module_shelf.look(body, header=header, name="own.csv")
    assert {reason for *_, reason in found.bad} == {"It is more than 9 million USD."}
    assert found.bad_lines == [2, 3, 4]


def test_half_characters_within_a_field_of_several_lines(module_shelf: Shelf) -> None:
    header = "Date,API Key ID,Model,Call Kind,API Key Name\n"
    body = b'2026-08-03T09:14:07Z,k,m,completion,"a\n' + b'\xed\xa0\xbd"\n'
    found = module_shelf.look(body, header=header, name="own.csv")
    assert found.bad == [(2, None, None, "The line is not UTF-8 text.")]

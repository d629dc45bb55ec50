"""Files of any columns, read by a mapping: units, zones, nested values; saved, and used by name."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core import cli
from usage_core.errors import MappingRefused, UsageError
from usage_core.intake import mappings
from usage_core.intake.mapping import FIELDS, FIXABLE, REQUIRED, From, Mapping, as_format
from usage_core.intake.mapping_look import Look, look
from usage_core.intake.mapping_preview import preview
from usage_core.intake.mapping_sql import UNITS
from usage_core.intake.mapping_suggest import suggest
from usage_core.intake.run import import_file
from usage_core.metrics.facts import receipts
from usage_core.schema import EXPORT_COLUMNS
from usage_core.settings import DATABASE_URL

KEY = From(fixed="k")
AT = {"called_at": From(("at",)), "model": From(("m",)), "api_key_id": KEY}


def read(shelf: Shelf, mapping: Mapping, text: str | bytes, *names: str) -> list[tuple[object, ...]]:
    """Fields of the calls that a file is by a mapping; nothing is stored."""
    raw = text.encode() if isinstance(text, str) else text
    found = preview(shelf.lake, Look("any", raw, (), ()), mapping)
    return [tuple(call[name] for name in names) for call in found.calls]


MOMENTS = [
    ("2026-08-03 09:14:07.4", "year first", "2026-08-03 07:14:07.400000"),
    ("2026/08/03 09:14", "year first", "2026-08-03 07:14:00"),
    ("2026-08-03T09:14:07Z", "year first", "2026-08-03 09:14:07"),
    ("2026-08-03T09:14:07-05:00", "year first", "2026-08-03 14:14:07"),
    ("1785748447.5", "day first", "2026-08-03 09:14:07.500000"),
    ("1785748447412", "year first", "2026-08-03 09:14:07.412000"),
    ("03.08.2026 09:14", "day first", "2026-08-03 07:14:00"),
    ("3/8/2026, 9:14:07 PM", "day first", "2026-08-03 19:14:07"),
    ("8/3/2026 9:14 AM", "month first", "2026-08-03 07:14:00"),
    ("2026-12-03 09:14:07", "year first", "2026-12-03 08:14:07"),
]


def test_moments_are_of_the_zone_unless_they_say_theirs(module_shelf: Shelf) -> None:
    for unit in {unit for _, unit, _ in MOMENTS}:
        mapping = Mapping(
            {"called_at": From(("at",), unit), "model": From(("m",)), "api_key_id": KEY}, "Europe/Berlin"
        )
        wanted = [(text, f"m{place}", utc) for place, (text, of, utc) in enumerate(MOMENTS) if of == unit]
        lines = "".join(f"{json.dumps({'at': text, 'm': model})}\n" for text, model, _ in wanted)
        found = read(module_shelf, mapping, lines, "model", "called_at")
        assert dict(sorted((str(model), str(at)) for model, at in found)) == {m: utc for _, m, utc in wanted}


@pytest.mark.parametrize(
    ("field", "unit", "given", "stored"),
    [
        ("input_tokens", "", "1,200", "1200"),
        ("output_tokens", "", "3.0", "3"),
        ("completion_time_ms", "seconds", "1.5", "1500"),
        ("completion_time_ms", "milliseconds", "12.6", "13"),
        ("completion_time_ms", "microseconds", "1500000", "1500"),
        ("completion_time_ms", "the moment it ended", "2026-08-03 09:14:08.5", "1500"),
        ("completion_time_ms", "seconds", "nan", "None"),
        ("input_price", "USD per token", "2.5e-06", "2.500000"),
        ("input_price", "USD per thousand", "0.0025", "2.500000"),
        ("output_price", "USD per million", "$2.50", "2.500000"),
        ("cost_pico", "US cents", "12.5", "125000000000"),
        ("status", "", "429", "error"),
        ("status", "", "Succeeded", "ok"),
        ("service_tier", "", "flex", "flex"),
        ("kind", "", "text-embedding", "embedding"),
    ],
)
def test_units(module_shelf: Shelf, field: str, unit: str, given: str, stored: str) -> None:
    mapping = Mapping(AT | {field: From(("x", "y"), unit)})
    row = {"at": "2026-08-03 09:14:07", "m": "m", "x": {"y": given, "prompt": "secret"}}
    [found] = read(module_shelf, mapping, json.dumps(row), field)
    assert str(found[0]) == stored


def test_a_european_csv_with_rows_set_aside(shelf: Shelf) -> None:
    text = "Zeit;Modell;Eingabe;Kosten\n03.08.2026 09:14;m;1.200;0,5\n04.08.2026 9 Uhr;m;2;1\n"
    fields = {"called_at": From(("Zeit",), "day first"), "model": From(("Modell",)), "api_key_id": KEY}
    fields |= {"input_tokens": From(("Eingabe",)), "cost_pico": From(("Kosten",))}
    shelf.dirty = True
    (shelf.folder / "log.csv").write_text(text)
    import_file(shelf.lake, shelf.folder / "log.csv", mapped=as_format("m", Mapping(fields, comma=True)))
    assert shelf.stored(None, "input_tokens", "cost_pico") == [(1200, 5 * 10**11)]
    with shelf.lake.reading() as connection:
        [receipt] = receipts(connection)
    assert (receipt["source"], receipt["rows_read"], receipt["rows_rejected"]) == ("mapping m", 2, 1)


def test_cached_tokens_that_come_on_top_and_types_of_parquet(module_shelf: Shelf, tmp_path: Path) -> None:
    rows = {"at": pa.array([1785748447412000], pa.timestamp("us", "UTC")), "m": ["m"], 'a "b" \\': [5]}
    pq.write_table(pa.table(rows | {"cached": [90]}), tmp_path / "x.parquet")
    fields = AT | {
        "input_tokens": From(('a "b" \\',), "without cached ones"),
        "cache_read_tokens": From(("cached",)),
    }
    with pytest.raises(MappingRefused, match="quote"):
        Mapping(AT | {"status": From(("x", 'a "b" \\'))}).check()
    raw = (tmp_path / "x.parquet").read_bytes()
    assert read(module_shelf, Mapping(fields), raw, "input_tokens", "cache_read_tokens") == [(95, 90)]


LOG = [
    {
        "ts": f"2026-11-0{1 + n} 09:14:07" if n else "yesterday",
        "req": {"model": "gpt-4o", "<img src=x>": "**b**"},
        "usage": {"prompt_tokens": 5 + n, "completion_tokens": 9, "cached_tokens": 700},
        "latency_s": 1.5,
        "http_status": 200,
        "client": {"key_id": "k1", "key_name": "web"},
        'un"readable': 1,
    }
    for n in range(4)
]


def test_a_file_suggests_its_mapping_and_shows_what_comes_of_it(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "gateway.jsonl"
    path.write_text("\n".join(map(json.dumps, LOG)))
    found = look(path, path.name, tmp_path)
    suggested = suggest(found, "Europe/Berlin")
    assert {name: (each.at, each.unit) for name, each in suggested.fields.items()} == {
        "called_at": (("ts",), ""),
        "model": (("req", "model"), ""),
        "api_key_id": (("client", "key_id"), ""),
        "api_key_name": (("client", "key_name"), ""),
        "input_tokens": (("usage", "prompt_tokens"), "without cached ones"),
        "output_tokens": (("usage", "completion_tokens"), ""),
        "completion_time_ms": (("latency_s",), "seconds"),
        "cache_read_tokens": (("usage", "cached_tokens"), ""),
        "status": (("http_status",), ""),
    }
    shown = preview(shelf.lake, found, suggested)
    assert (shown.rows, shown.good, shown.calls[0]["input_tokens"]) == (4, 3, 706)
    [(field, _, count, line, value)] = shown.refused
    assert (field, count, line, value) == ("called_at", 1, 1, "yesterday")


def test_short_names_and_decimal_commas_are_understood(module_shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "when;engine;vendor;prompt_toks;answer_toks;secs;usd\n"
        "03.11.2026 09:14:07;gpt-4o;OpenAI;1.200;340;1,25;0,0064\n"
        "03.11.2026 09:15:00;gpt-4o;OpenAI;-9;;2,5;\n"
    )
    found = look(path, path.name, tmp_path)
    shown = preview(module_shelf.lake, found, suggest(found, "Europe/Berlin"))
    [call] = shown.calls
    assert str(call["called_at"]) == "2026-11-03 08:14:07"
    assert (call["input_tokens"], call["output_tokens"], call["completion_time_ms"]) == (1200, 340, 1250)
    assert [each[0] for each in shown.refused] == ["input_tokens"]


def test_our_own_columns_are_suggested_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + as_csv([row()]), newline="")
    suggested = suggest(look(path, path.name, tmp_path), "UTC").fields
    assert {name: each.at for name, each in suggested.items()} == {
        column.name: (column.label,) for column in EXPORT_COLUMNS
    }
    assert not any(each.unit for each in suggested.values())


def test_columns_of_a_serving_trace_are_suggested(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n")
    suggested = suggest(look(path, path.name, tmp_path), "UTC").fields
    assert {name: each.at for name, each in suggested.items() if each.at} == {
        "called_at": ("TIMESTAMP",),
        "input_tokens": ("ContextTokens",),
        "output_tokens": ("GeneratedTokens",),
    }


def test_objects_in_cells_are_looked_into(module_shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('time,model,meta\n2026-11-02 09:14:07,m,"{""usage"": {""input_tokens"": 7}}"\n')
    found = look(path, path.name, tmp_path)
    suggested = suggest(found, "UTC")
    assert suggested.fields["input_tokens"].at == ("meta", "usage", "input_tokens")
    [call] = preview(module_shelf.lake, found, suggested).calls
    assert (call["input_tokens"], call["api_key_id"]) == (7, "(no key)")


def test_a_saved_mapping_is_used_by_its_name(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE_URL, "ducklake" + shelf.lake.folder.as_uri().removeprefix("file"))
    shelf.dirty = True
    mapping = Mapping(AT, "Europe/Berlin")
    mappings.save(shelf.lake, "gate'way", mapping)
    assert mappings.saved(shelf.lake, "gate'way") == mapping
    (tmp_path / "a.csv").write_text("at,m,other\n2026-11-02 09:14:07,m,x\n")
    run = CliRunner().invoke(cli.app, ["import", "--mapping", "gate'way", str(tmp_path / "a.csv")])
    assert "1 row read = 1 stored" in run.stdout
    assert "Not kept: other." in run.stdout
    assert [str(at) for (at,) in shelf.stored(None, "called_at")] == ["2026-11-02 08:14:07"]
    (tmp_path / "b.csv").write_text("time,m\n2026-11-02 09:14:07,m\n")
    run = CliRunner().invoke(cli.app, ["import", "--mapping", "gate'way", str(tmp_path / "b.csv")])
    assert run.exit_code == 1
    mappings.forget(shelf.lake, "gate'way")
    with pytest.raises(MappingRefused, match="There is no mapping"):
        mappings.saved(shelf.lake, "gate'way")


@pytest.mark.parametrize("name", ["", " x", "x" * 61, "a\nb"])
def test_names_that_are_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(MappingRefused):
        mappings.save(shelf.lake, name, Mapping(AT))


HOUR_ALONE = Mapping(AT | {"cache_write_1h_tokens": From(("1h",))})
"""Of what is written to a cache only what is kept for an hour: nothing says that it was written."""

HEADINGS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@settings(max_examples=25)
@given(st.data())
def test_a_mapping_survives_being_saved(data: st.DataObject) -> None:
    fields = {name: From((data.draw(HEADINGS),)) for name in REQUIRED}
    for name in data.draw(st.sets(st.sampled_from(FIELDS))):
        fields[name] = From((data.draw(HEADINGS),), data.draw(st.sampled_from(UNITS.get(name, ("",)))))
    for name in data.draw(st.sets(st.sampled_from(FIXABLE))):
        fields[name] = From(fixed=data.draw(HEADINGS))
    if "cache_write_1h_tokens" in fields:
        fields["cache_write_tokens"] = fields["cache_write_1h_tokens"]
    mapping = Mapping(fields, "Asia/Kolkata", data.draw(st.booleans()))
    assert Mapping.of(mapping.text()) == mapping


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"fields": 1}',
        Mapping(AT, "Mars").text(),
        Mapping({"model": KEY}).text(),
        HOUR_ALONE.text(),
    ],
)
def test_what_is_no_mapping(text: str) -> None:
    with pytest.raises(UsageError):
        Mapping.of(text)

"""What each field accepts, what becomes of it, and what is said of what it does not accept."""

from datetime import datetime
from decimal import Decimal
from itertools import product

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import LABELS, Look, Shelf, as_csv, row, with_store
from usage_core.intake.checks import CHECKS
from usage_core.schema import BY_NAME, EXPORT_HEADER, Kind, cost_pico

AT = datetime.fromisoformat("2026-08-03T09:14:07")

MOMENTS = {
    "2026-08-03T09:14:07Z": AT,
    "2026-08-03T09:14:07z": AT,
    "2026-08-03t09:14:07Z": AT,
    "2026-08-03 09:14:07": AT,
    "2026-08-03T09:14:07": AT,
    "2026-08-03T09:14": AT.replace(second=0),
    "2026-08-03T09:14:07.4Z": AT.replace(microsecond=400_000),
    "2026-08-03T09:14:07.41Z": AT.replace(microsecond=410_000),
    "2026-08-03T09:14:07.412Z": AT.replace(microsecond=412_000),
    "2026-08-03T09:14:07.4123Z": AT.replace(microsecond=412_300),
    "2026-08-03T09:14:07.41234Z": AT.replace(microsecond=412_340),
    "2026-08-03T09:14:07.412345Z": AT.replace(microsecond=412_345),
    "2026-08-03T09:14:07.4123451Z": AT.replace(microsecond=412_345),
    "2026-08-03T09:14:07.41234512Z": AT.replace(microsecond=412_345),
    "2026-08-03T09:14:07.412345123Z": AT.replace(microsecond=412_345),
    "2026-08-03T09:14:07.412345999Z": AT.replace(microsecond=412_345),
    "2026-08-03T09:14:07.412345999+00:00": AT.replace(microsecond=412_345),
    "2026-08-03T11:14:07+02:00": AT,
    "2026-08-03T05:44:07-0330": AT,
    "2026-08-03T14:14:07+05": AT,
    "2026-08-03 09:14:07 UTC": AT,
    "2026-08-03 09:14:07+00": AT,
    " 2026-08-03T09:14:07Z ": AT,
    "2000-01-01T01:00:00+01:00": datetime.fromisoformat("2000-01-01"),
    "2100-12-31T23:59:59.999999Z": datetime.fromisoformat("2100-12-31T23:59:59.999999"),
    "2024-02-29T00:00:00Z": datetime.fromisoformat("2024-02-29"),
}
NO_MOMENT = "It is not a date and time such as 2026-08-03T09:14:07.412Z."
OTHER_YEARS = "It is outside the years 2000 to 2100."
NOT_MOMENTS = {
    "2026-02-30T00:00:00Z": NO_MOMENT,
    "2025-02-29T00:00:00Z": NO_MOMENT,
    "2026-13-01T00:00:00Z": NO_MOMENT,
    "2026-08-03T24:00:00Z": NO_MOMENT,
    "2026-08-03T24:00:00.000Z": NO_MOMENT,
    "2026-08-03T 9:14:07.412Z": NO_MOMENT,
    "-026-08-03T09:14:07.412Z": NO_MOMENT,
    "2026-08-03T09:60:00Z": NO_MOMENT,
    "2026-08-03T09:14:60Z": NO_MOMENT,
    "2026-08-03T09:14:07+19:00": NO_MOMENT,
    "2026-08-03T09:14:07.Z": NO_MOMENT,
    "2026-08-03T09:14:07.1234567891Z": NO_MOMENT,
    "2026-08-03": NO_MOMENT,
    "03.08.2026 09:14": NO_MOMENT,
    "08/03/2026 09:14:07": NO_MOMENT,
    "1785748447": NO_MOMENT,
    "infinity": NO_MOMENT,
    "-infinity": NO_MOMENT,
    "epoch": NO_MOMENT,
    "now": NO_MOMENT,
    "yesterday": NO_MOMENT,
    "2026-08-03T09:14:07Z BC": NO_MOMENT,
    "2026-08-03T09:14:07 Europe/Berlin": NO_MOMENT,
    "1999-12-31T23:59:59Z": OTHER_YEARS,
    "2000-01-01T00:00:00+01:00": OTHER_YEARS,
    "2101-01-01T00:00:00Z": OTHER_YEARS,
    "9999-12-31T23:59:59Z": OTHER_YEARS,
    "0000-01-01T00:00:00Z": OTHER_YEARS,
    "": "It is empty.",
    "   ": "It is empty.",
}

WHOLES = {
    "0": 0,
    "00": 0,
    "1200": 1200,
    " 7 ": 7,
    "3.0": 3,
    "3.": 3,
    "999999999999999999": 10**18 - 1,
    "": None,
}
NO_WHOLE = "It is not a whole number of 0 or more, such as 1200."
BELOW = "It is below 0; a whole number of 0 or more was expected."
NOT_WHOLES = {
    "-5": BELOW,
    "- 5": BELOW,
    "1,200": NO_WHOLE,
    "1.5": NO_WHOLE,
    "1e3": NO_WHOLE,
    "+5": NO_WHOLE,
    "NaN": NO_WHOLE,
    "None": NO_WHOLE,
    "null": NO_WHOLE,
    "0x10": NO_WHOLE,
    "1_000": NO_WHOLE,
    "٣": NO_WHOLE,
    "9" * 19: NO_WHOLE,
}

PRICES = {
    "2.50": Decimal("2.5"),
    "0": Decimal(0),
    "2": Decimal(2),
    ".5": Decimal("0.5"),
    "2.": Decimal(2),
    "0.000001": Decimal("0.000001"),
    "0.1500000": Decimal("0.15"),
    "0.15000000000000002": Decimal("0.15"),
    "0.30000000000000004": Decimal("0.3"),
    "2.4999999999999996": Decimal("2.5"),
    "7.5e-2": Decimal("0.075"),
    "1E-6": Decimal("0.000001"),
    "1e3": Decimal(1000),
    " 10.00 ": Decimal(10),
    "999999.999999": Decimal("999999.999999"),
    "": None,
}
NO_PRICE = "It is not a plain decimal number such as 2.50."
TOO_HIGH = "It is a million USD or more."
NOT_PRICES = {
    "0.1234567": "It has more than 6 decimal places.",
    "1e-7": "It has more than 6 decimal places.",
    "-0.10": "It is below 0; a price of 0 or more was expected.",
    "1e30": TOO_HIGH,
    "1000000": TOO_HIGH,
    "999999.9999999999": "It has more than 6 decimal places.",
    "1e99": TOO_HIGH,
    "inf": NO_PRICE,
    "NaN": NO_PRICE,
    "1,200": NO_PRICE,
    "2,50": NO_PRICE,
    "$2.50": NO_PRICE,
    "+2.50": NO_PRICE,
    "free": NO_PRICE,
    ".": NO_PRICE,
}

TEXTS = {"x" * 4000: "x" * 4000, "'=1": "=1", "''=1": "'=1", "'a": "'a", " b ": " b ", "\t": "\t"}
NOT_TEXTS = {"x" * 4001: "It is longer than 4,000 bytes.", "é" * 2001: "It is longer than 4,000 bytes."}
NOT_FILLED = {"": "It is empty.", "  ": "It is empty.", "\u00a0": "It is empty.", "\t": "It is empty."}

ACCEPTED = {
    "called_at": MOMENTS,
    "input_tokens": WHOLES,
    "output_tokens": WHOLES,
    "completion_time_ms": WHOLES,
    "input_price": PRICES,
    "output_price": PRICES,
    "api_key_name": TEXTS | {"": None, "  ": "  "},
    "provider": TEXTS | {"": None},
    "model": {text: value for text, value in TEXTS.items() if text.strip()},
}
REFUSED = {
    "called_at": NOT_MOMENTS,
    "input_tokens": NOT_WHOLES,
    "completion_time_ms": NOT_WHOLES,
    "input_price": NOT_PRICES,
    "output_price": NOT_PRICES,
    "api_key_id": NOT_TEXTS | NOT_FILLED,
    "api_key_name": NOT_TEXTS,
    "provider": NOT_TEXTS,
    "model": NOT_TEXTS | NOT_FILLED,
}
LISTED = {
    "gpt-4o": (Decimal("2.5"), Decimal(10)),
    "text-embedding-3-small": (Decimal("0.02"), None),
}
"""Prices of the catalogue in August 2026."""

FREE = {"input_price": "0", "output_price": "0"}
"""No call costs too much at these prices."""


ACCEPTED_CASES = [(field, text, value) for field, cases in ACCEPTED.items() for text, value in cases.items()]
REFUSED_CASES = [(field, text, reason) for field, cases in REFUSED.items() for text, reason in cases.items()]


@pytest.fixture(scope="module")
def accepted(module_shelf: Shelf) -> Look:
    """All cases at once: a file costs more than its rows."""
    return module_shelf.look(as_csv(row(**(FREE | {field: text})) for field, text, _ in ACCEPTED_CASES))


@pytest.fixture(scope="module")
def refused(module_shelf: Shelf) -> Look:
    return module_shelf.look(as_csv(row(**{field: text}) for field, text, _ in REFUSED_CASES))


@pytest.mark.parametrize("field", ACCEPTED)
def test_accepted(accepted: Look, field: str) -> None:
    assert accepted.bad == []
    found = zip(ACCEPTED_CASES, accepted.column(field), strict=True)
    assert {text: value for (name, text, _), value in found if name == field} == ACCEPTED[field]


@pytest.mark.parametrize("field", REFUSED)
def test_refused(refused: Look, field: str) -> None:
    assert refused.good == []
    cases = enumerate(REFUSED_CASES, start=2)
    expected = [
        (line, name, text[:200] or None, reason) for line, (name, text, reason) in cases if name == field
    ]
    assert [found for found in refused.bad if found[1] == field] == expected


def test_the_first_bad_field_of_a_row_is_named(shelf: Shelf) -> None:
    rows = [row(model="", input_tokens="-1", input_price="x"), row(output_price="x")]
    assert [found[:2] for found in shelf.look(as_csv(rows)).bad] == [(2, "model"), (3, "output_price")]


def test_the_worked_example_costs_what_it_should(shelf: Shelf) -> None:
    shelf.rows(
        {"input_tokens": "500", "output_tokens": "1200", "input_price": "2.50", "output_price": "10.00"}
    )
    assert shelf.stored(None, "cost_pico", "cost_basis", "kind") == [(13_250_000_000, "row", "completion")]


def test_a_call_dearer_than_can_be_held_is_set_aside(shelf: Shelf) -> None:
    most = {"input_tokens": str((2**63 - 1) // 10**6), "input_price": "1", "output_tokens": "0"}
    receipt = shelf.rows(most, most | {"output_tokens": "1", "output_price": "999999"})
    [(line, field, value, reason)] = shelf.set_aside(receipt)
    assert (line, field, value) == (3, "Input Tokens", most["input_tokens"])
    assert "more than 9 million USD" in reason
    assert shelf.stored(None, "cost_pico") == [((2**63 - 1) // 10**6 * 10**6,)]


def test_more_kept_in_a_cache_for_an_hour_than_was_written_to_it_is_set_aside(shelf: Shelf) -> None:
    header = f"{','.join(LABELS)},Call Kind,Cache Write Tokens,Cache Write 1h Tokens\r\n"
    given = [[*row(), "completion", *counts] for counts in (("5", "5"), ("5", "6"), ("", "1"), ("5", ""))]
    receipt = shelf.take(as_csv(given), header)
    assert sorted(shelf.stored(receipt, "cache_write_1h_tokens"), key=str) == [(5,), (None,)]
    why = "More tokens were kept in a cache for an hour than were written to one at all."
    assert shelf.set_aside(receipt) == [
        (line, "Cache Write 1h Tokens", value, why) for line, value in ((3, "6"), (4, "1"))
    ]


SIGNS = " \t0123456789+-.,:_eZT/x\u00e4\u0663"


def nearly(usual: str) -> list[str]:
    """Texts that differ from one in two signs beside each other."""
    pairs = product(SIGNS, repeat=2)
    return [usual[:at] + one + two + usual[at + 2 :] for one, two in pairs for at in range(len(usual))]


@pytest.mark.parametrize(
    ("field", "usual"),
    [("called_at", "2026-08-03T19:14:07.412Z"), ("input_tokens", "1200"), ("input_price", "12.50")],
)
def test_the_short_way_to_a_value_leads_to_the_same_as_the_long_one(field: str, usual: str) -> None:
    value = CHECKS[BY_NAME[field]].value
    given = pa.table({f"raw_{field}": nearly(usual)})
    spelled = given.set_column(0, f"raw_{field}", pa.array([f" {text} " for text in nearly(usual)]))
    with duckdb.connect() as engine:
        short, long = (
            engine.from_arrow(table).project(f"({value})::VARCHAR AS {field}").fetchall()
            for table in (given, spelled)
        )
    wrong = [text for text, one, other in zip(nearly(usual), short, long, strict=True) if one != other]
    assert wrong == []


some_tokens = st.none() | st.sampled_from([0, 1]) | st.integers(0, 10**9)
some_price = st.none() | st.decimals(0, 9000, places=6)
MODELS = {"gpt-4o": False, "text-embedding-3-small": True, "unheard-of": False, "my-embedder": True}


@settings(with_store, max_examples=3)
@given(
    st.lists(
        st.tuples(some_tokens, some_tokens, some_price, some_price, st.sampled_from(sorted(MODELS))),
        min_size=60,
        max_size=120,
    )
)
def test_costs_are_those_of_the_record(shelf: Shelf, calls: list[tuple]) -> None:
    shelf.clear()
    names = ("input_tokens", "output_tokens", "input_price", "output_price", "model")
    given_fields = [
        {name: "" if value is None else str(value) for name, value in zip(names, call, strict=True)}
        | {"api_key_id": f"{n:05}"}
        for n, call in enumerate(calls)
    ]
    receipt = shelf.rows(*given_fields)
    expected = []
    for inputs, outputs, price_in, price_out, model in calls:
        embeds = outputs is None and (MODELS[model] or (price_in is not None and price_out is None))
        kind = Kind.EMBEDDING if embeds else Kind.COMPLETION
        cost = cost_pico(inputs, outputs, price_in, price_out, kind)
        listed = cost_pico(inputs, outputs, *LISTED[model], kind) if model in LISTED else None
        basis = "row" if cost is not None else "catalogue" if listed is not None else "unknown"
        expected.append((kind, listed if cost is None else cost, basis))
    found = sorted(shelf.stored(receipt, "api_key_id", "kind", "cost_pico", "cost_basis"))
    assert [call[1:] for call in found] == expected


def test_nothing_is_kept_of_columns_that_are_not_the_record_s(own_shelf: Shelf) -> None:
    secret = "leave-me-out-4711"
    header = ",".join(["User Email", EXPORT_HEADER, "Prompt"]) + "\n"
    good = [[secret, *row(api_key_id=f"kept-{n}"), secret] for n in range(50)]
    rows = [*good, [secret, *row(input_tokens="x"), secret], [secret, "only two"]]
    receipt = own_shelf.take(as_csv(rows), header=header)
    assert (receipt.rows_stored, receipt.rows_rejected) == (50, 2)
    own_shelf.lake.close()
    files = [path for path in own_shelf.lake.folder.rglob("*") if path.is_file()]
    tables = [path for path in files if path.suffix == ".parquet"]
    held = str(duckdb.from_parquet([str(path) for path in tables], union_by_name=True).fetchall())
    assert "kept-7" in held
    assert secret not in held
    assert [path for path in files if secret.encode() in path.read_bytes()] == []

"""Bills against the calls of a store: names, days, rates, tolerance, sign-off."""

import json
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import Shelf
from usage_core import cli
from usage_core.bills import conclude, evidence, inquiry, names, periods, sign_offs, standing, tolerance
from usage_core.bills.conclude import Reconciled
from usage_core.bills.format import BillRefused
from usage_core.bills.formats.plain import TEMPLATE
from usage_core.bills.names import AliasKind
from usage_core.bills.parts import Part
from usage_core.bills.periods import State
from usage_core.bills.storing import Taken, take
from usage_core.bills.tolerance import Tolerance
from usage_core.cli import opening
from usage_core.intake import price_rules
from usage_core.prices.rules import Rule, RuleKind
from usage_core.store.bill_tables import BILL_ALIASES, BILL_LINES, BILL_SIGNOFFS, BILL_TOLERANCES, BILLS

OCTOBER = date(2026, 10, 1)
PLAIN = "Provider,First Day,Last Day,Model,Token Class,API Key,Tokens,Charge,Amount,Currency,Time Zone\n"


@pytest.fixture
def shelf(module_shelf: Shelf) -> Shelf:
    """A store with the same few calls for every test, and no bill.

    Two calls on 3 October and one late on the 5th: $0.03 of input and $0.30 of output each.
    """
    tokens = {"input_tokens": "12000", "output_tokens": "30000", "input_price": "2.50", "output_price": "10"}
    common = {"model": "gpt-4o-2024-08-06", "api_key_name": "web", **tokens}
    if not module_shelf.dirty:
        module_shelf.rows(
            {"called_at": "2026-10-03T09:00:00Z", **common},
            {"called_at": "2026-10-03T09:05:00Z", **common},
            {"called_at": "2026-10-05T23:30:00Z", **common},
        )
    with module_shelf.lake.writing() as connection:
        for table in (BILLS, BILL_LINES, BILL_ALIASES, BILL_SIGNOFFS, BILL_TOLERANCES):
            connection.execute(sa.delete(table))
    return module_shelf


def bring(shelf: Shelf, *rows: str, header: str = PLAIN, name: str = "bill.csv") -> Taken:
    path = Path(shelf.folder) / name
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return take(shelf.lake, path, by="Ada")


def found(shelf: Shelf, provider: str = "OpenAI") -> Reconciled:
    with shelf.lake.reading() as connection:
        reconciled = periods.reconcile(connection, provider, OCTOBER)
    assert reconciled is not None
    return reconciled


def parts(shelf: Shelf, provider: str = "OpenAI") -> dict[Part, Decimal]:
    return parts_of(found(shelf, provider))


def parts_of(reconciled: Reconciled) -> dict[Part, Decimal]:
    explained = reconciled.explained
    assert explained is not None
    assert sum(explained.parts.values()) == explained.difference
    return explained.parts


def state(shelf: Shelf, provider: str = "OpenAI") -> State:
    with shelf.lake.reading() as connection:
        [month] = [each for each in periods.months(connection) if each.provider == provider]
    return month.state


RIGHT = (
    "OpenAI,2026-10-03,,GPT-4o,input,web,24000,,0.06,USD,UTC",
    "OpenAI,2026-10-03,,GPT-4o,output,web,60000,,0.60,USD,UTC",
    "OpenAI,2026-10-05,,GPT-4o,input,web,12000,,0.03,USD,UTC",
    "OpenAI,2026-10-05,,GPT-4o,output,web,30000,,0.30,USD,UTC",
)


def test_a_right_bill(shelf: Shelf) -> None:
    assert state(shelf) is State.NO_BILL
    bring(shelf, *RIGHT)
    reconciled = found(shelf)
    assert parts_of(reconciled) == {}
    assert reconciled.explained is not None
    # "GPT-4o" is the one model of the log that is like it, and "web" the one key of that name.
    assert {each.words for each in reconciled.explained.grains} == {"day × model × token class × key"}
    assert conclude.verdict(reconciled).startswith("The bill is right")
    assert inquiry.to_ask(reconciled) == ""
    assert state(shelf) is State.WITHIN


def test_a_wrong_price_is_asked_about_with_evidence(shelf: Shelf) -> None:
    bring(shelf, *(row.replace("0.60", "3.60") for row in RIGHT))
    reconciled = found(shelf)
    assert parts_of(reconciled) == {Part.PRICE: Decimal(3)}
    assert conclude.verdict(reconciled) == (
        "Ask before you pay: usage is billed $3.00 more than computed (303.0 %). Above all: prices +$3.00."
    )
    asked = inquiry.to_ask(reconciled)
    assert "billed at $60.00 per million tokens, $10.00 expected" in asked
    [header, row] = evidence.evidence(reconciled).splitlines()
    assert len(header.split(",")) == len(row.split(","))
    assert row.startswith(
        "OpenAI,prices,3,2026-10-03,gpt-4o-2024-08-06,key-1,output,3.6,0.6,60000,60000,60,10,"
    )
    assert state(shelf) is State.DIFFERS


def test_what_is_let_pass_is_set_for_each_provider(shelf: Shelf) -> None:
    bring(shelf, *(row.replace("0.60", "1.60") for row in RIGHT))
    reconciled = found(shelf)
    assert reconciled.is_right  # one dollar
    for percent, usd, right in ((0, "0.99", False), (100, "0", False), (0, "1", True), (102, "0", True)):
        allowed = Tolerance(Decimal(percent), Decimal(usd))
        assert replace(reconciled, tolerance=allowed).is_right is right
    assert reconciled.explained is not None
    nothing = replace(reconciled, explained=replace(reconciled.explained, calls=0))
    assert not nothing.is_right  # what could not be compared is not right, however little it is
    with shelf.lake.writing() as connection:
        tolerance.enter(connection, "OpenAI", Tolerance(Decimal(0), Decimal("0.99")), "Ada")
    assert state(shelf) is State.DIFFERS
    with shelf.lake.writing() as connection, pytest.raises(BillRefused, match="0 to 100 per cent"):
        tolerance.enter(connection, "OpenAI", Tolerance(Decimal(102)), "Ada")


def test_days_of_another_zone_and_of_part_of_a_month(shelf: Shelf) -> None:
    """In Berlin the last call is of the 6th; what the bill does not cover is not held against it."""
    berlin = [row.replace("UTC", "Europe/Berlin") for row in RIGHT]
    bring(shelf, *berlin[:2])
    assert parts(shelf) == {}
    bring(
        shelf, *berlin[:2], *(row.replace("2026-10-05", "2026-10-06") for row in berlin[2:]), name="more.csv"
    )
    assert parts(shelf) == {}


def test_calls_on_days_between_two_bills_are_not_missed(shelf: Shelf) -> None:
    bring(shelf, *RIGHT[:2])
    bring(shelf, "OpenAI,2026-10-09,2026-10-31,GPT-4o,input,web,0,,0.00,USD,UTC", name="late.csv")
    assert parts(shelf) == {}


def test_an_invoice_of_taxes_and_fees_adds_to_the_bill_of_usage(shelf: Shelf) -> None:
    """Whichever comes first; its days are not held against a bill of fewer."""
    rest = [
        f"OpenAI,2026-10-01,2026-10-31,,,,,{kind},{usd},USD,UTC" for kind, usd in (("tax", 3), ("fee", 5))
    ]
    bring(shelf, *rest, name="invoice.csv")
    assert state(shelf) is State.NO_USAGE
    assert conclude.verdict(found(shelf)) == (
        "Only taxes and fees are billed so far: add the bill that charges the usage of this period."
    )
    assert inquiry.to_ask(found(shelf)) == ""
    taken = bring(shelf, *RIGHT[:2], name="usage.csv")
    assert (taken.replaced, taken.beside) == ((), ("invoice.csv",))
    assert parts(shelf) == {Part.TAX: 3, Part.FEE: 5}
    assert state(shelf) is State.WITHIN
    corrected = bring(shelf, rest[0].replace(",3,", ",4,"), rest[1], name="corrected.csv")
    assert (corrected.replaced, corrected.beside) == (("invoice.csv",), ("usage.csv",))
    assert "It adds to usage.csv: one charges usage, the other does not." in corrected.sentence
    assert bring(shelf, rest[0].replace("tax,3", "credit,-1"), name="credit.csv").replaced == ()
    assert bring(shelf, *RIGHT, name="more.csv").replaced == ("usage.csv",)
    assert parts(shelf) == {Part.CREDIT: -1, Part.TAX: 4, Part.FEE: 5}


def test_another_currency_needs_a_rate(shelf: Shelf) -> None:
    taken = bring(shelf, *(row.replace("USD", "EUR") for row in RIGHT))
    without = found(shelf)
    assert without.explained is None
    assert "Enter what it is worth in USD" in conclude.verdict(without)
    assert state(shelf) is State.NO_RATE
    with shelf.lake.writing() as connection:
        standing.enter_rate(connection, taken.bills[0], Decimal("1.1"), "Ada")
    # A tenth more of $0.99; that of the three cents of input is less than cents can hide.
    assert parts(shelf) == {Part.PRICE: Decimal("0.096"), Part.ROUNDING: Decimal("0.003")}
    # A correction of the same days keeps the rate of the period.
    bring(shelf, *(row.replace("USD", "EUR") for row in reversed(RIGHT)), name="corrected.csv")
    with shelf.lake.reading() as connection:
        [bill] = [each for each in standing.every(connection) if each.stands]
    assert (bill.file_name, bill.usd_rate, bill.rated_by) == ("corrected.csv", Decimal("1.1"), "Ada")


def test_names_that_are_not_alike_need_an_alias(shelf: Shelf) -> None:
    bring(shelf, *(row.replace("GPT-4o", "Omni").replace("web", "their-key") for row in RIGHT))
    reconciled = found(shelf)
    assert (reconciled.names.unknown_models, reconciled.names.unknown_keys) == (("Omni",), ("their-key",))
    assert set(parts_of(reconciled)) == {Part.NO_CALLS, Part.NOT_BILLED}
    assert reconciled.explained is not None
    assert not reconciled.explained.grains[0].by_key
    with shelf.lake.writing() as connection:
        names.enter(connection, AliasKind.MODEL, "OpenAI", ("Omni", "gpt-4o-2024-08-06"), "Ada")
        names.enter(connection, AliasKind.KEY, "OpenAI", ("their-key", "key-1"), "Ada")
    named = found(shelf)
    assert parts_of(named) == {}
    assert named.explained is not None
    assert named.explained.grains[0].by_key
    with shelf.lake.writing() as connection:
        for alias in names.aliases(connection):
            names.withdraw(connection, alias.alias_id, "Ada")
        assert names.aliases(connection) == []


LANGDOCK = "period_start,period_end,org_id,api_key_id,api_key_name,requests,total_cost_usd\n"
BERLIN = "2026-10-01T00:00:00+02:00,2026-10-31T23:59:59.999+01:00,org"


def test_a_gateways_bill_is_for_the_calls_of_its_logs(shelf: Shelf) -> None:
    """Langdock bills for calls of all providers: those that were read from its log."""
    bring(shelf, f"{BERLIN},key-1,web,3,0.99", header=LANGDOCK)
    reconciled = found(shelf, "Langdock")
    assert parts_of(reconciled) == {}
    assert reconciled.explained is not None
    assert reconciled.explained.calls == 3
    assert {each.words for each in reconciled.explained.grains} == {"period × key"}
    assert state(shelf, "Langdock") is State.WITHIN
    bring(shelf, f"{BERLIN},key-1,web,5,1.65", f"{BERLIN},key-9,other,2,0.40", header=LANGDOCK, name="2.csv")
    assert parts_of(found(shelf, "Langdock")) == {Part.NO_CALLS: Decimal("1.06")}


def test_a_signed_month_warns_when_calls_come_later(shelf: Shelf) -> None:
    call = {"called_at": "2026-10-03T10:00:00Z", "provider": "Mistral", "model": "m"}
    shelf.rows(call)
    bring(shelf, "Mistral,2026-10-03,,m,,,1700,,0.01325,USD,UTC")
    with shelf.lake.writing() as connection:
        sign_offs.sign_off(connection, found(shelf, "Mistral"), " as agreed ", "Ada")
    assert state(shelf, "Mistral") is State.SIGNED
    with shelf.lake.reading() as connection:
        [signed] = sign_offs.in_force(connection)
    assert (signed.note, signed.signed_by, signed.calls, signed.bills) == ("as agreed", "Ada", 1, "bill.csv")
    shelf.rows(call | {"called_at": "2026-10-03T11:00:00Z"})
    assert state(shelf, "Mistral") is State.CHANGED
    with shelf.lake.writing() as connection:
        sign_offs.withdraw(connection, "Mistral", OCTOBER, "Ada")
    assert state(shelf, "Mistral") is State.WITHIN


def test_cache_tokens_of_a_store_have_their_class(shelf: Shelf) -> None:
    """An export has no cache tokens: what is billed as read from the cache is the same input."""
    rows = [row for row in RIGHT if not row.startswith("OpenAI,2026-10-03,,GPT-4o,input")]
    rows += [
        "OpenAI,2026-10-03,,GPT-4o,input,web,14000,,0.035,USD,UTC",
        "OpenAI,2026-10-03,,GPT-4o,cache read,web,10000,,0.0125,USD,UTC",
    ]
    bring(shelf, *rows)
    assert parts(shelf) == {Part.CACHE: Decimal("-0.0125")}


def test_a_formula_in_a_bill_is_text_in_the_evidence(shelf: Shelf) -> None:
    bring(shelf, *RIGHT, 'OpenAI,2026-10-03,,"=cmd|calc, ""x""",input,web,9,,9.00,USD,UTC')
    assert '"\'=cmd|calc, ""x""",' in evidence.evidence(found(shelf))


@pytest.mark.parametrize(
    ("billed", "called", "match"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("GPT-4o", "gpt-4o-2024-08-06", True),
        ("Claude Haiku 4.5", "claude-haiku-4-5-20251001", True),
        ("Claude Sonnet 4.5", "claude-sonnet-4-5", True),
        ("openai/gpt-oss-120b", "gpt-oss-120b", True),
        ("gpt-4o", "gpt-4o-mini", False),
    ],
)
def test_models_are_matched_by_likeness(billed: str, called: str, match: bool) -> None:
    on_bill, in_log = names.matched_models([billed], [called], {})
    assert (on_bill[billed] == in_log[called]) is match


def test_a_likeness_of_two_models_is_none() -> None:
    calls = ["gpt-4o-2024-05-13", "gpt-4o-2024-08-06"]
    on_bill, in_log = names.matched_models(["gpt-4o"], calls, {})
    assert on_bill["gpt-4o"] not in calls
    # But both are what the bill sums up under one name.
    assert set(in_log.values()) == {"gpt-4o"}


def test_the_lines_of_the_bill_behind_a_part(shelf: Shelf) -> None:
    rows = [row.replace("0.60", "3.60") for row in RIGHT]
    bring(shelf, *rows, "OpenAI,2026-10-03,,=odd,,,,credit,-1.50,USD,UTC", name="-bill.csv")
    reconciled = found(shelf)

    def behind(part: Part | None) -> list[str]:
        with shelf.lake.reading() as connection:
            return evidence.lines_csv(evidence.bill_lines(connection, reconciled, part)).splitlines()[1:]

    price = "'-bill.csv,3,3.6,USD,2026-10-03,2026-10-03,usage,GPT-4o,web,,output,60000,,"
    credit = "'-bill.csv,6,-1.5,USD,2026-10-03,2026-10-03,credit,'=odd,,,,,,"
    assert behind(Part.PRICE) == [price]
    assert behind(Part.CREDIT) == [credit]
    assert behind(None) == [price, credit]
    assert behind(Part.TAX) == []


def test_on_the_command_line(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "open_lake", lambda _folder: shelf.lake)
    monkeypatch.setattr(shelf.lake, "close", lambda: None)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["usage_core", "reconcile", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out + written.err

    path, written = shelf.folder / "bill.csv", shelf.folder / "evidence.csv"
    path.write_text(PLAIN + "\n".join(RIGHT).replace("0.60", "3.60") + "\n", encoding="utf-8")
    code, said = run(str(path), "--evidence", str(written))
    assert code == 1
    assert "bill.csv (Plain CSV): 4 rows read = 4 stored" in said
    assert "Ask before you pay: usage is billed $3.00 more than computed" in said
    assert len(written.read_text(encoding="utf-8").splitlines()) == 2
    path.write_text(PLAIN + "\n".join(RIGHT) + "\n", encoding="utf-8")
    code, said = run(str(path))
    assert (code, "The bill is right" in said) == (0, True)
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    code, said = run(str(path))
    assert (code, "not a bill in a format the console knows" in said) == (1, True)
    assert run("--template") == (0, TEMPLATE)
    path.write_text(PLAIN + "\n".join(RIGHT).replace("USD", "EUR") + "\n", encoding="utf-8")
    code, said = run(str(path))
    assert (code, "by --rate EUR=1.08" in said) == (1, True)
    code, said = run(str(path), "--rate", "eur=1.00")
    assert (code, "The bill is right" in said) == (0, True)
    assert "not a currency and its worth in USD" in run(str(path), "--rate", "EUR")[1]


def test_cached_tokens_have_the_price_of_their_time_and_size(shelf: Shelf) -> None:
    """The prices change on 4 October; a right bill by class of tokens is right on both sides of it."""
    change = datetime(2026, 10, 4, tzinfo=UTC)
    for bounds, factor in (({"until": change}, 1), ({"since": change}, 2)):
        prices = {"input": Decimal(2), "output": Decimal(8), "cache_read": Decimal("0.2")}
        given = {f"{name}_price": price * factor for name, price in prices.items()}
        with shelf.lake.writing() as connection:
            rule = Rule(kind=RuleKind.PRICE, provider="Acme", model="m", **bounds, **given)
            price_rules.enter(connection, rule)
    call = {"api_key_id": "k", "provider": "Acme", "model": "m", "kind": "completion"}
    call |= {"input_tokens": 10_000, "cache_read_tokens": 6_000, "output_tokens": 1_000}
    path = shelf.folder / "calls.jsonl"
    days = ("2026-10-03", "2026-10-05")
    path.write_text("\n".join(json.dumps(call | {"called_at": f"{day}T09:00:00Z"}) for day in days))
    shelf.take_file(path)
    costs = (("input", 4000, "0.008"), ("cache read", 6000, "0.0012"), ("output", 1000, "0.008"))
    bring(
        shelf,
        *(
            f"Acme,{day},,m,{cls},,{tokens},,{factor * Decimal(usd)},USD,UTC"
            for day, factor in zip(days, (1, 2), strict=True)
            for cls, tokens, usd in costs
        ),
    )
    assert parts(shelf, "Acme") == {}
    [grain] = found(shelf, "Acme").explained.grains  # type: ignore[union-attr]
    assert grain.by_class


CONSOLE = "usage_date_utc,model,token_type,cost_usd,list_price_usd\n"


@pytest.mark.parametrize(
    ("model", "parts_found"), [("with-discount", {}), ("as-listed", {Part.DISCOUNT: Decimal("-0.50")})]
)
def test_a_discount_that_the_log_s_prices_hold_is_no_difference(
    shelf: Shelf, model: str, parts_found: dict[Part, Decimal]
) -> None:
    """A million tokens at $5.00, less a tenth: in the log at $4.50, or at the price of the list."""
    price = "4.50" if model == "with-discount" else "5.00"
    tokens = {"input_tokens": "1000000", "output_tokens": "0", "input_price": price, "output_price": "25"}
    day = "2026-10-08" if model == "with-discount" else "2026-10-09"
    shelf.rows({"called_at": f"{day}T09:00:00Z", "provider": "Anthropic", "model": model, **tokens})
    bring(shelf, f"{day},{model},input_no_cache,4.50,5.00", header=CONSOLE)
    assert parts(shelf, "Anthropic") == parts_found


@pytest.mark.parametrize("told", [True, False])
def test_what_is_kept_in_a_cache_for_an_hour_is_a_class_where_both_sides_tell(
    shelf: Shelf, told: bool
) -> None:
    """400,000 of 600,000 tokens: at $10, not $6.25. Where the log does not say, it is a matter of price."""
    day = "2026-10-12" if told else "2026-10-13"
    call = {"called_at": f"{day}T09:00:00Z", "api_key_id": "k", "provider": "Anthropic"}
    call |= {"model": "claude-opus-4-5", "kind": "completion", "input_tokens": 1_000_000, "output_tokens": 0}
    call |= {"cache_write_tokens": 600_000, "cache_write_1h_tokens": 400_000 if told else None}
    path = shelf.folder / "calls.jsonl"
    path.write_text(json.dumps(call))
    shelf.take_file(path)
    costs = {"input_no_cache": "2.00", "input_cache_write_5m": "1.25", "input_cache_write_1h": "4.00"}
    bring(shelf, *(f"{day},claude-opus-4-5,{cls},{usd},{usd}" for cls, usd in costs.items()), header=CONSOLE)
    explained = found(shelf, "Anthropic").explained
    assert explained is not None
    assert explained.grains[0].by_class
    assert explained.difference == (0 if told else Decimal("1.50"))
    assert {(each.token_class, each.usd) for each in explained.findings} == (
        set() if told else {("cache write", Decimal("1.50"))}
    )

"""The prices of a model at any time and size are those of the catalogue, unless a rule says otherwise."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.prices.book import DAY_S, Interval, Prices, in_force, intervals
from usage_core.prices.catalogue import find, suggested
from usage_core.prices.rules import PARTS, Rule, RuleKind
from usage_core.schema import CostBasis

JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7, 8))
NOON = timedelta(hours=12)


def _token_priced(info: ModelInfo) -> bool:
    every = [info.prices] if isinstance(info.prices, ModelPrice) else [each.prices for each in info.prices]
    known = {f"{part}_mtok" for part in PARTS} | {"web_searches_kcount"}
    return all(
        {name for name, price in each.__dict__.items() if price is not None} <= known for each in every
    )


@cache
def models() -> list[tuple[str, str]]:
    return [
        (maker.name, info.id)
        for maker in get_snapshot().providers
        for info in maker.models
        if _token_priced(info)
        and "/" not in info.id
        and (found := find(maker.name, info.id))
        and found[1] is info
    ]


@cache
def stepped() -> list[tuple[str, str]]:
    """Those whose price depends on the time or on the size of the input."""
    return [(maker, name) for maker, name in models() if len(intervals(maker, name, ())) > 1]


# Looked for when an example is first asked for: every worker would wait for them otherwise.
any_model = st.deferred(lambda: st.sampled_from(models()))
stepped_model = st.deferred(lambda: st.sampled_from(stepped()))


def falls_into(every: list[Interval], moment: datetime, tokens: int) -> list[Interval]:
    clock = moment.hour * 3600 + moment.minute * 60 + moment.second
    return [
        one
        for one in every
        if one.since <= moment < one.until
        and one.clock_from <= clock < one.clock_to
        and one.above < tokens <= one.up_to
    ]


moments = st.datetimes(datetime(2023, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=80)
@given(
    model=any_model | stepped_model,
    moment=moments,
    tokens=st.integers(0, 500_000) | st.sampled_from([128_000, 128_001, 200_000, 200_001, 272_000]),
    received=st.integers(0, 50_000),
    cached=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1)),
)
def test_prices_are_the_catalogue_s(
    model: tuple[str, str], moment: datetime, tokens: int, received: int, cached: tuple[float, ...]
) -> None:
    [one] = falls_into(intervals(*model, ()), moment, tokens)
    found = find(*model)
    assert found
    price = one.prices
    read, write = (int(tokens * part) for part in cached[:2])
    hour = int(write * cached[2]) if price.cache_write is None or price.cache_write_1h else 0
    usage = Usage(
        input_tokens=tokens,
        output_tokens=received,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=hour,
    )
    priced = found[1].get_prices(moment)
    if price.input is None or (price.output is None and received):
        return  # what a price is not known of has no cost with us
    parts = (
        (tokens - read - write, price.input),
        (read, price.input if price.cache_read is None else price.cache_read),
        (write - hour, price.input if price.cache_write is None else price.cache_write),
        (hour, price.input if price.cache_write_1h is None else price.cache_write_1h),
        (received, price.output or Decimal(0)),
    )
    ours = sum(count * each for count, each in parts) / 1_000_000
    assert abs(ours - priced.calc_price(usage)["total_price"]) <= Decimal("0.000002")


@given(model=stepped_model, moment=moments, tokens=st.integers(0, 2**62))
@settings(max_examples=40)
def test_every_call_falls_into_one_interval(model: tuple[str, str], moment: datetime, tokens: int) -> None:
    rules = [
        Rule(
            kind=RuleKind.PRICE,
            provider=model[0],
            model=model[1],
            since=JULY,
            until=AUGUST,
            input_price=Decimal(1),
        ),
        Rule(kind=RuleKind.DISCOUNT, provider=model[0], since=JUNE, percent=Decimal(10)),
    ]
    for given_rules in ((), rules):
        assert len(falls_into(intervals(*model, given_rules), moment, tokens)) == 1
    assert len(falls_into(intervals("Nobody", "unheard-of", ()), moment, tokens)) == 1


def test_prices_that_change_within_the_day() -> None:
    every = intervals("DeepSeek", "deepseek-chat", ())
    assert {(one.clock_from, one.clock_to) for one in every} == {
        (0, 1800),
        (1800, 16 * 3600 + 1800),
        (16 * 3600 + 1800, DAY_S),
    }


def test_an_own_price_comes_before_the_catalogue_s_for_its_time() -> None:
    own = Rule(
        kind=RuleKind.PRICE,
        provider="OpenAI",
        model="gpt-4o",
        since=JULY,
        until=AUGUST,
        input_price=Decimal("1.5"),
        output_price=Decimal(6),
    )
    every = intervals("OpenAI", "gpt-4o", [own])
    found = [in_force(every, moment) for moment in (JULY - NOON, JULY, AUGUST - NOON, AUGUST)]
    assert [one.basis for one in found] == ["catalogue", "override", "override", "catalogue"]
    assert found[1].prices == Prices(Decimal("1.5"), Decimal(6))
    assert found[0].prices == found[3].prices == Prices(Decimal("2.5"), Decimal(10), Decimal("1.25"))


def test_a_discount_is_off_the_catalogue_alone() -> None:
    rules = [
        Rule(kind=RuleKind.DISCOUNT, provider="OpenAI", since=JULY, percent=Decimal("12.5")),
        Rule(kind=RuleKind.PRICE, provider="OpenAI", model="gpt-4o-mini", input_price=Decimal(1)),
    ]
    found = in_force(intervals("OpenAI", "gpt-4o", rules), JULY)
    assert found.prices == Prices(Decimal("2.1875"), Decimal("8.75"), Decimal("1.09375"))
    assert in_force(intervals("OpenAI", "gpt-4o", rules), JUNE).prices.input == Decimal("2.5")
    assert in_force(intervals("OpenAI", "gpt-4o-mini", rules), JULY).prices == Prices(Decimal(1))
    other = intervals("Anthropic", "claude-sonnet-4-5", rules)
    assert other == intervals("Anthropic", "claude-sonnet-4-5", ())


def test_an_alias_gives_a_model_the_price_of_another() -> None:
    alias = Rule(kind=RuleKind.ALIAS, provider="Ours", model="assistant", stands_for="openai/gpt-4o")
    assert in_force(intervals("Ours", "assistant", ()), JULY).basis is CostBasis.UNKNOWN
    found = in_force(intervals("Ours", "assistant", [alias]), JULY)
    assert (found.match, found.basis, found.prices.input) == ("openai/gpt-4o", "catalogue", Decimal("2.5"))


@pytest.mark.parametrize(
    ("tokens", "price"), [(0, "1.25"), (200_000, "1.25"), (200_001, "2.5"), (10**9, "2.5")]
)
def test_long_inputs_cost_more_in_whole(tokens: int, price: str) -> None:
    [one] = falls_into(intervals("Google", "gemini-2.5-pro", ()), JULY, tokens)
    assert one.prices.input == Decimal(price)


@pytest.mark.parametrize(
    ("provider", "model", "like"),
    [
        ("OpenAI", "gpt-4o-ours", "openai/gpt-4o"),
        ("Anthropic", "anthropic/claude-sonnet-4-5x", "anthropic/claude-sonnet-4-5"),
        ("Nobody", "gpt-4o-mini-2", "openai/gpt-4o-mini"),
        ("OpenAI", "zzzz", None),
    ],
)
def test_a_model_like_an_unknown_one_is_suggested(provider: str, model: str, like: str | None) -> None:
    found = suggested(provider, model)
    assert found == like if like is None else found is not None and found.endswith(like.partition("/")[2])

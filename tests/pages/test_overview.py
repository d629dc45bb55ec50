"""What the Overview says about a known set of calls: why cost changed, what was unusual, what is missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.parts.cost_change import as_shown
from pages.parts.overview_unusual import line
from tests.metrics.by_hand import Row, as_log, call
from tests.pages.conftest import check, texts, view, visit
from tests.pages.test_answers import BEFORE, BOB, DOLLAR, LINK, MONDAY, NOW, some
from usage_core import cached
from usage_core.intake.run import import_file
from usage_core.metrics import gaps
from usage_core.metrics.change import Change, Part, Reason
from usage_core.metrics.unusual import Finding
from usage_core.schema import usd

Holding = Callable[..., None]

EARLY = some(1, MONDAY - timedelta(days=30), 1, 1, **BOB)
WEEKS: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-02", "2026-11-08"]}
WEDNESDAY = MONDAY + timedelta(days=2)


WHY, UNUSUAL = "Why cost changed", "Unusual days"


def why(app: AppTest) -> str:
    check(app, "Overview")
    return view(app, WHY)[0].replace("\\", "")


def health(app: AppTest) -> str:
    check(app, "Overview")
    return str(app.main.caption[0].value).replace("\\", "")


def test_volume_alone_explains_more_calls(holding: Holding) -> None:
    """Anna's calls from 5 to 20 at 4 USD, Bob's from 60 to 30 at 1."""
    holding("known-longer", [*NOW, *BEFORE, *EARLY])
    app = visit(**LINK)
    assert why(app) == "Cost rose by **$30.00**: **volume** +$30.00 (Anna alone +$60.00)."
    assert view(app, WHY)[1].count("Calls without a price are left out: 1 now, 0 before.")


def test_a_key_is_not_named_where_it_is_the_only_one_selected(holding: Holding) -> None:
    holding("known-longer", [*NOW, *BEFORE, *EARLY])
    assert why(visit(key="Bob", **LINK)) == "Cost fell by **$30.00**: **volume** -$30.00."


def test_a_period_before_that_is_not_whole_is_said(holding: Holding) -> None:
    holding("known", [*NOW, *BEFORE])
    assert why(visit(**LINK)).endswith(
        " The first call of all is of 24 Oct 2026, 09:00: the period before is not whole."
    )


def test_new_and_vanished_keys_a_model_and_a_price(holding: Holding) -> None:
    """Ten calls of a: from 1 to 3 USD. New: 5 USD. Vanished: 7 USD. Ten calls of b move to a model at 2."""
    last = MONDAY - timedelta(days=9)
    model = {"api_key_id": "b", "api_key_name": "Bert"}
    rows = [
        *some(10, last, 1, 1, api_key_id="a", api_key_name="Ada", model="m"),
        *some(10, MONDAY, 3, 1, api_key_id="a", api_key_name="Ada", model="m"),
        *some(5, MONDAY, 1, 1, api_key_id="n", api_key_name="Neu"),
        *some(7, last, 1, 1, api_key_id="v", api_key_name="Vera"),
        *some(10, last, 1, 1, model="small", **model),
        *some(10, MONDAY, 2, 1, model="big", **model),
        *EARLY,
    ]
    holding("parts", rows)
    app = visit(**LINK)
    assert why(app) == (
        "Cost rose by **$28.00**: the largest parts are **price** +$20.00 (m), **model mix** +$10.00 (Bert) "
        "and **vanished keys** -$7.00 (Vera)."
    )


LAST_TIME = MONDAY - timedelta(days=9)
NOTHING_TO_EXPLAIN = {
    "only now": (
        some(3, MONDAY, 4, 1),
        "There is nothing to compare with: no call was made in the 10 days before.",
    ),
    "never priced": (
        [call(MONDAY), call(LAST_TIME)],
        "The one call in these 10 days has no known price.",
    ),
    "not priced before": (
        [*some(3, MONDAY, 4, 1), call(LAST_TIME)],
        "The one call in the 10 days before has no known price.",
    ),
    "same again": (
        [*some(3, MONDAY, 4, 1), *some(3, LAST_TIME, 4, 1), *some(1, MONDAY - timedelta(days=30), 1, 1)],
        "Cost is the same as in the 10 days before.",
    ),
}


@pytest.mark.parametrize("key", NOTHING_TO_EXPLAIN)
def test_where_there_is_nothing_to_explain(holding: Holding, key: str) -> None:
    """Asked of one key's calls, which are all that counts then."""
    of_keys = ([row | {"api_key_id": key} for row in rows] for key, (rows, _) in NOTHING_TO_EXPLAIN.items())
    holding("nothing-to-explain", [row for rows in of_keys for row in rows])
    app = visit(key=key, **LINK)
    assert why(app) == NOTHING_TO_EXPLAIN[key][1]
    assert not [each for each in app.expander if "why" in str(each.proto)]


parts = st.lists(st.integers(-(10**15), 10**15), min_size=len(Reason), max_size=len(Reason))


@given(before=st.integers(0, 10**15), amounts=parts)
@settings(max_examples=40)
def test_what_is_shown_adds_up_to_the_last_place(before: int, amounts: list[int]) -> None:
    found = Change(
        usd(before),
        usd(before + sum(amounts)),
        tuple(Part(reason, usd(amount)) for reason, amount in zip(Reason, amounts, strict=True)),
        0,
        0,
        cut=False,
    )
    first, *shown, last = as_shown(found)
    assert first + sum(shown) == last
    place = Fraction(1, 100) if max(found.before, abs(found.now)) >= 1 else Fraction(1, 10_000)
    for part, amount in zip(found.parts, shown, strict=True):
        assert abs(Fraction(part.amount) - Fraction(amount)) < place
        assert part.amount or not amount


def daily(odd: int = 10) -> list[Row]:
    """Ten weeks of 30 calls of a cent each day, on one Wednesday dearer ones."""
    first = MONDAY - timedelta(days=63)
    rows = []
    for day in (first + n * timedelta(days=1) for n in range(72)):
        dollars = Decimal(odd if day.date() == WEDNESDAY.date() else 10)
        rows += [
            call(
                day + timedelta(minutes=n),
                completion_time_ms=n,
                input_price=dollars,
                input_tokens=1000,
                output_tokens=0,
                output_price=Decimal(0),
                **(BOB if n % 2 else {**BOB, "api_key_id": "c", "api_key_name": "Cleo"}),
            )
            for n in range(30)
        ]
    return rows


def test_an_unusual_day_is_a_way_in(holding: Holding) -> None:
    holding("odd", daily(90))
    app = visit(view=UNUSUAL, **WEEKS)
    check(app, "Overview")
    assert view(app, UNUSUAL)[0] == (
        "3 findings on 7 days with enough history, the largest first. Choose one to see its calls."
    )
    found = {button.label: button for button in app.main.button if "usually" in button.label}
    assert next(iter(found)) == (
        ":red[:material/arrow_upward:] **Wed 4 Nov 2026**, all calls: **\\$2\\.70**, usually \\$0\\.3000 on "
        "Wednesdays (\\$2\\.40 more)"
    )
    bob = next(button for label, button in found.items() if "Bob" in label)
    bob.click().run()
    check(app, "Overview")
    assert app.sidebar.multiselect[0].value == ["Bob"]
    assert "4 Nov 2026 (1 day)" in [each.value for each in app.sidebar.caption]


def test_usual_days_are_said_to_be(holding: Holding) -> None:
    holding("even", daily())
    assert view(visit(view=UNUSUAL, **WEEKS), UNUSUAL) == [
        "None: on 7 days with enough history, cost was within what is usual for the weekday."
    ]


def test_too_little_history_is_said(holding: Holding) -> None:
    holding("known", [*NOW, *BEFORE])
    assert view(visit(view=UNUSUAL, **LINK), UNUSUAL)[0].startswith(
        "Too little is known to say what is usual"
    )


def test_days_in_a_row_in_words() -> None:
    first, last = date(2026, 11, 2), date(2026, 11, 20)
    finding = Finding(None, first, last, 14, Decimal(0), Decimal(1100), Decimal("1500.5"), Decimal(1200))
    assert line(finding, filtered=True) == (
        ":green[:material/arrow_downward:] **2 – 20 Nov 2026 (14 unusual days)**, all selected calls: "
        "**\\$0\\.00**, usually \\$1,100 to \\$1,501 on such days (\\$1,200 less)"
    )


def test_sound_data(holding: Holding) -> None:
    holding("even", daily())
    app = visit(**WEEKS)
    assert health(app).endswith("every call has a price, no hour is missing, no row was set aside")
    assert not app.main.get("page_link")


def test_calls_are_awaited_but_for_the_sample(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "awaited", lambda *_: 430)
    holding("even", daily())
    cached.forget()
    assert "none since, usually about 430" in health(visit(**WEEKS))
    cached.forget()
    holding("none")
    assert "none since" not in health(visit())


@pytest.mark.parametrize("others", [0, 1])
def test_a_clock_that_is_ahead(holding: Holding, others: int) -> None:
    """Of all calls, or of the last: they are not hidden without a word."""
    now = datetime.now(UTC).replace(tzinfo=None)
    calls = [call(now + timedelta(hours=1)), *[call(now - timedelta(days=1))] * others]
    holding(f"ahead-{others}", calls)
    assert "that is later than now: look at the clock" in " ".join(texts(visit()))


def test_what_is_missing_from_the_data(holding: Holding, tmp_path: Path) -> None:
    """A Wednesday without its 30 calls, a call without a price, and a row that is no call."""
    rows = [row for row in daily() if row["called_at"].date() != WEDNESDAY.date()]
    rows.append(call(MONDAY, **BOB, **{**DOLLAR, "output_tokens": 1, "output_price": None}))
    holding("with-a-gap", rows)
    path = tmp_path / "bad.csv"
    path.write_text(as_log([]) + "yesterday,k,,,m,1,1,1,1,1\n", encoding="utf-8", newline="")
    assert import_file(cached.workspace().real, path).rows_rejected == 1
    app = visit(**WEEKS)
    said = health(app)
    assert "Last call 10 Nov 2026, 09:29 (UTC)" in said
    assert "no calls 4 Nov 2026, 09:00 – 10:00 (1 hour), usually about 30" in said
    assert "1 call without a price (0.6 %)" in said
    assert "1 row set aside in imports" in said
    assert [link.proto.label for link in app.main.get("page_link")] == ["Prices", "Imports"]


def test_the_longest_gaps_are_named(holding: Holding) -> None:
    """Calls come every hour, but for some hours of some nights."""
    now = datetime(2026, 11, 9, tzinfo=UTC).replace(tzinfo=None)
    hours = [now - timedelta(hours=n) for n in range(1, 24 * 63)]
    nights = {3: (2, 3), 4: (2, 3, 4), 5: (2, 3), 6: (2, 3, 4)}
    silent = {datetime(2026, 11, day, at) for day, night in nights.items() for at in night}  # noqa: DTZ001
    rows = [call(hour + timedelta(minutes=n)) for hour in hours for n in range(10) if hour not in silent]
    holding("night", rows)
    assert health(visit(**WEEKS)).endswith(
        "no calls 4 Nov 2026, 02:00 – 05:00 (3 hours), usually about 30 · no calls 6 Nov 2026, 02:00 – 05:00 "
        "(3 hours), usually about 30 · 2 more gaps"
    )


@pytest.mark.usefixtures("every_view")
def test_names_in_a_sentence_mean_nothing(holding: Holding) -> None:
    hostile = {"api_key_id": "h", "api_key_name": "[x](javascript:alert(1))"}
    holding(
        "hostile-why", [*some(3, MONDAY, 4, 1, **hostile), *some(3, MONDAY - timedelta(days=9), 4, 1, **BOB)]
    )
    app = visit(**LINK)
    check(app, "Overview")
    assert not [text for text in texts(app) if "[x](" in text]

"""Every page over no, one and many calls, for whatever a link may say."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from tests.metrics.by_hand import Row, call
from tests.pages.conftest import HOME, check, texts, visit
from usage_core import wording
from usage_core.timeframe import Preset, zone_info

pytestmark = pytest.mark.usefixtures("every_view")

Holding = Callable[..., None]

PAGES = {
    "usage/overview": "Overview",
    "usage/cost": "Cost",
    "usage/latency": "Latency",
    "usage/patterns": "Patterns",
    "usage/export": "Export",
    "billing/reconcile": "Reconcile",
    "billing/prices": "Prices",
    "admin/imports": "Imports",
    "admin/audit": "Audit log",
}
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
DAY = timedelta(days=1)
PRICES = {"input_price": Decimal("2.50"), "output_price": Decimal(10)}


def many() -> list[Row]:
    """A call every three hours of the last 100 days."""
    return [
        call(
            NOW - timedelta(hours=3 * n, minutes=5),
            api_key_id=f"key-{n % 12}",
            api_key_name=f"Team {n % 12}" if n % 3 else None,
            provider=("OpenAI", None, "Anthropic")[n % 3],
            model=f"model-{n % 11}",
            input_tokens=n,
            output_tokens=None if n % 7 == 0 else n,
            completion_time_ms=None if n % 5 == 0 else n,
            **(PRICES if n % 4 else {}),
        )
        for n in range(800)
    ]


ONE = [call(NOW - DAY, input_tokens=500, output_tokens=1200, completion_time_ms=3800, **PRICES)]
OLD = [call(NOW - 200 * DAY, input_tokens=500, output_tokens=1200, model="old", **PRICES)]
STORES: dict[str, list[Row]] = {"none": [], "one": ONE, "many": many(), "bare": [call(NOW - DAY)], "old": OLD}


# Calls without anything but what must be, and old ones, matter to the pages of figures.
DRAWN = [
    (store, page, title)
    for store in STORES
    for page, title in PAGES.items()
    if store in ("none", "one", "many") or page.startswith("usage/")
]


@pytest.mark.parametrize(("store", "page", "title"), DRAWN)
def test_every_page_is_drawn(holding: Holding, store: str, page: str, title: str) -> None:
    holding(store, STORES[store])
    app = visit(page)
    check(app, title)
    if store == "many":
        check(app.run(), title)
    said = [text for text in texts(app) if "Sample workspace" in text]
    assert len(said) == (store == "none")


@pytest.mark.parametrize("preset", Preset)
def test_every_timeframe(holding: Holding, preset: Preset) -> None:
    holding("many", STORES["many"])
    check(visit(HOME, tf=preset.label), PAGES[HOME])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["2026-11-01"], "1 Nov 2026 (1 day)"),
        (["2026-11-20", "2026-11-01"], "1 – 20 Nov 2026 (20 days)"),
        (["2026-10-31", "2026-11-01"], "31 Oct – 1 Nov 2026 (2 days)"),
        (["2000-01-01", "2026-11-01"], "1 Jan 2000 – 1 Nov 2026 (9,802 days)"),
    ],
)
def test_dates_in_a_link(holding: Holding, given: list[str], expected: str) -> None:
    holding("many", STORES["many"])
    app = visit(tf="Custom", range=given)
    check(app, "Overview")
    assert expected in [each.value for each in app.sidebar.caption]


@pytest.mark.parametrize(
    "params",
    [
        {"tf": "Custom", "range": "yesterday"},
        {"tf": "Custom", "range": ["0001-01-01", "9999-12-31"]},
        {"tf": "forever"},
        {"by": "called_at"},
        {"of": "calls; DROP TABLE calls"},
        {"key": "nobody"},
        {"model": ["nothing", "' OR 1=1 --"], "provider": "nobody", "kind": "chat"},
        {"tz": "Mars/Olympus"},
        {"tz": "../../etc/passwd"},
        {"tz": "\x00"},
        {"unheard": "of"},
    ],
    ids=str,
)
def test_nonsense_in_a_link(holding: Holding, params: dict[str, str | list[str]]) -> None:
    holding("many", STORES["many"])
    page = "usage/patterns" if "of" in params else HOME
    app = visit(page, **params)
    check(app, PAGES[page])
    assert zone_of(app) == "UTC"


def zone_of(app: AppTest) -> str:
    """What follows the heading of the sidebar's choice of a zone."""
    said = " ".join(each.proto.body for each in app.get("html"))
    found = re.search(r'st-key-zone-open summary p::after { content: ": ([^"]+)"', said)
    assert found
    return found[1]


def test_a_zone_that_is_chosen_is_in_the_link_and_its_choice_stays_the_same_one(holding: Holding) -> None:
    """Another would be closed, and would not hold the keyboard's place."""
    holding("many", STORES["many"])
    app = visit(tf="7 days")
    assert not app.sidebar.selectbox
    app.session_state["zone-open"] = True
    before = widgets_of_the_zone(app.run())
    app.sidebar.selectbox[0].select("Asia/Kathmandu").run()
    check(app, "Overview")
    for _ in range(2):
        assert (zone_of(app), app.query_params["tz"]) == ("Asia/Kathmandu", "Asia/Kathmandu")
        assert widgets_of_the_zone(app) == before
        app.run()
    app.switch_page("pages/usage/cost.py")
    del app.query_params["tz"]  # as a browser does that has not drawn what it belongs to
    assert zone_of(app.run()) == app.query_params["tz"] == "Asia/Kathmandu"


def widgets_of_the_zone(app: AppTest) -> tuple[str, bool, str]:
    """The expander, whether it is open, and the field in it."""
    [opened] = [each.proto for each in app.sidebar.expander if each.label == "Time zone"]
    return opened.id, opened.expanded, app.sidebar.selectbox[0].id


def test_filters_are_drawn_when_opened_or_in_use(holding: Holding) -> None:
    holding("many", STORES["many"])
    app = visit()
    assert not app.sidebar.multiselect
    app.session_state["filters"] = True
    app.run().sidebar.multiselect[0].select("Team 1").run()
    assert app.query_params["key"] == "Team 1"
    app.session_state["filters"] = False
    app.run()  # closed, it is in use still
    assert app.sidebar.multiselect[0].value == ["Team 1"]
    del app.query_params["key"]  # as a browser does
    app.sidebar.multiselect[0].unselect("Team 1").run()
    assert not app.sidebar.multiselect


def test_the_filters_stay_the_same_expander_while_they_are_chosen(holding: Holding) -> None:
    """Another would be closed, and would not hold the keyboard's place."""
    holding("many", STORES["many"])
    app = visit()
    app.session_state["filters"] = True
    [first] = [each.proto.id for each in app.run().sidebar.expander if each.label == "Filters"]
    for used, team in ((1, "Team 1"), (2, "Team 2")):
        app.sidebar.multiselect[0].select(team).run()
        [filters] = [each for each in app.sidebar.expander if each.proto.id == first]
        assert filters.proto.expanded
        assert filters_in_use(app) == used
    app.sidebar.button[0].click().run()
    assert (filters_in_use(app), app.sidebar.multiselect[0].value) == (0, [])


def filters_in_use(app: AppTest) -> int:
    """How many there are, as the sidebar says it."""
    said = " ".join(each.proto.body for each in app.get("html"))
    found = re.search(r'st-key-filters summary p::after { content: " \((\d+)\)"', said)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "US/Eastern"])
def test_the_zone_of_a_link(holding: Holding, zone: str) -> None:
    holding("many", STORES["many"])
    app = visit(tz=zone, tf="7 days")
    check(app.run(), "Overview")
    assert zone_of(app) == zone
    today = datetime.now(UTC).astimezone(zone_info(zone)).date()
    assert wording.days(today - 6 * DAY, today) in app.sidebar.caption[0].value


def test_filters_of_a_link(holding: Holding) -> None:
    holding("many", STORES["many"])
    app = visit(key="Team 1", model=["model-1", "no such model"], provider="(not given)")
    check(app, "Overview")
    chosen = {each.label: each.value for each in app.sidebar.multiselect}
    assert chosen == {
        "API key": ["Team 1"],
        "Provider": ["(not given)"],
        "Model": ["model-1"],
        "Call kind": [],
    }
    expected = [row for row in STORES["many"] if row["api_key_id"] == "key-1" and row["model"] == "model-1"]
    expected = [row for row in expected if row["provider"] is None and row["called_at"] > NOW - 29.5 * DAY]
    assert f"{len(expected)} call" in app.sidebar.caption[-1].value
    assert filters_in_use(app) == 3
    [left_out] = app.info
    assert left_out.value.startswith("The link asks for a model that is not in the log")
    assert not visit(key="Team 1").info
    app.sidebar.button[0].click().run()
    check(app, "Overview")
    assert not any(each.value for each in app.sidebar.multiselect)


def test_what_the_browser_left_out_of_the_link_is_put_back(holding: Holding) -> None:
    """On the way to another page it leaves out what is not drawn yet; the figures stay narrowed."""
    holding("many", STORES["many"])
    app = visit(key="Team 1", tf="Custom", range=["2026-03-01", "2026-03-31"])
    for name in ("key", "tf", "range"):
        del app.query_params[name]
    app.switch_page("pages/usage/export.py").run()
    check(app, "Export")
    assert app.query_params["key"] == "Team 1"
    assert app.query_params["tf"] == "Custom"
    assert app.query_params["range"] == ["2026-03-01", "2026-03-31"]
    usual = visit()
    assert not {"key", "tf", "range"} & set(usual.query_params)


def test_a_browser_that_has_not_drawn_the_sidebar_is_told_again_what_it_shows(holding: Holding) -> None:
    """Else it draws it with its defaults, and all calls take the place of those that were asked for."""
    holding("many", STORES["many"])
    app = visit(key="Team 1", tz="Asia/Kathmandu")
    app.session_state["zone-open"] = True
    app.run()
    drawn = app._tree.get_widget_states()
    again = app._run(drawn)
    assert not again.sidebar.multiselect[0].proto.set_value
    kept = [each for each in drawn.widgets if not each.id.endswith(("-key", "-zone"))]
    assert len(drawn.widgets) - len(kept) == 2
    del drawn.widgets[:]
    drawn.widgets.extend(kept)
    later = app._run(drawn)
    check(later, "Overview")
    assert later.sidebar.multiselect[0].value == ["Team 1"]
    assert later.sidebar.selectbox[0].value == "Asia/Kathmandu"
    for each in (later.sidebar.multiselect[0], later.sidebar.selectbox[0]):
        assert each.proto.set_value


@pytest.mark.parametrize("page", [HOME, "usage/export"])
def test_an_empty_timeframe_offers_the_last_call(holding: Holding, page: str) -> None:
    holding("old", STORES["old"])
    app = visit(page)
    last = STORES["old"][0]["called_at"]
    assert [each.value for each in app.header] == ["No calls in this timeframe"]
    assert wording.day(last.date()) in " ".join(texts(app))
    assert not app.main.metric
    app.main.button[0].click().run()
    check(app, PAGES[page])
    assert "No calls in this timeframe" not in [each.value for each in app.header]
    assert wording.days(last.date() - 29 * DAY, last.date()) in app.sidebar.caption[0].value
    assert "1 call," in app.sidebar.caption[-1].value


@pytest.mark.parametrize("day", [date(2000, 1, 5), date(2090, 6, 1)])
def test_the_last_call_can_be_shown_whenever_it_was(holding: Holding, day: date) -> None:
    """A log with a wrong clock: its calls were stored, so they can be looked at."""
    holding(f"on-{day}", [call(datetime.combine(day, datetime.min.time()))])
    app = visit()
    app.main.button[0].click().run()
    check(app, "Overview")
    assert "1 call," in app.sidebar.caption[-1].value


def test_an_empty_filter_offers_the_last_call(holding: Holding) -> None:
    holding("old-and-one", [*OLD, *ONE])
    app = visit(model="old")
    assert "Filters are in use." in " ".join(texts(app))
    app.main.button[0].click().run()
    check(app, "Overview")
    assert not any(each.value for each in app.sidebar.multiselect)
    assert "1 call," in app.sidebar.caption[-1].value

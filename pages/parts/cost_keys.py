"""Keys to look at: those that a cheaper model could serve, those of one model, and those that went silent."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pandas as pd
import streamlit as st

from pages.parts import drawn, drill, figures
from pages.parts.cost_replays import label
from pages.parts.number_columns import PERCENT, number_format
from pages.parts.text import plain, selectable
from usage_core import cached, timeframe, wording
from usage_core.metrics.definitions import Unit
from usage_core.metrics.newest_prices import Model, newest_prices
from usage_core.metrics.question import Question
from usage_core.metrics.savings import StandsFor, last_calls, savings, usage
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

SAME, CHOSEN = "Of the same provider", "One I choose"

SILENT = {"7 days": 7, "14 days": 14, "30 days": 30, "90 days": 90}

MOST_SILENT = 200
"""So many silent keys are listed, those silent for longest."""

SEEN_DAYS = 30
"""So many days up to its last call are shown of a silent key."""

SHARE = "Share of its cost"

SHOWN_MODELS = 2
"""So many models are named in a row; the others are counted."""


def section(selection: Selection, _by: str) -> None:
    """The part of the page on single keys."""
    st.markdown("##### What a cheaper model would save")
    stands_for = _stands_for()
    if stands_for is None:
        st.caption("Choose the model that may stand for all others of its kind.")
    else:
        st.markdown(_saved(selection, stands_for))
        _table_of(selection, stands_for)
    _silent(selection)


def _stands_for() -> StandsFor | None:
    left, right = st.columns(2, vertical_alignment="bottom")
    how = left.segmented_control(
        "A model may stand for another that is",
        (SAME, CHOSEN),
        default=SAME,
        required=True,
        key="stands-for",
        bind="query-params",
    )
    if how == SAME:
        return "provider"
    models = selectable({label(model): model for model in cached.found(newest_prices)})
    names = sorted(models, key=str.casefold)
    chosen = right.selectbox(
        "Model", names, None, key="stand-in", bind="query-params", placeholder="Choose a model"
    )
    return models.get(chosen)


@cached.shared
def _found(selection: Selection, stands_for: Model | Literal["provider"]) -> pd.DataFrame:
    """What each key would save; see `metrics.savings`."""
    return savings(cached.found(usage, selection), cached.found(newest_prices), stands_for)


@cached.shared
def _saved(selection: Selection, stands_for: StandsFor) -> str:
    """What could be saved in all, what is assumed, and how many keys use one model (Markdown)."""
    frame = _found(selection, stands_for)
    saved, paid = (sum(frame[name], Decimal(0)) for name in ("saved_usd", "cost_usd"))
    whose = (
        "the cheapest model of the same provider and kind that was called here"
        if stands_for == "provider"
        else f"{plain(label(stands_for))}, where that is cheaper"
    )
    if not saved:
        return f"No key would pay less with {whose}."
    share = f" ({wording.share(saved / paid)})" if paid else ""
    first = frame.iloc[0]
    name, most = plain(figures.names("key", [first["key"]])[0]), plain(wording.money(first["saved_usd"]))
    one = int((frame["models"] == 1).sum())
    said = (
        f"With {whose}, these calls would have cost **{plain(wording.money(saved))} less**{share}, "
        f"**{name}** alone {most}. Whether it does the same work as well is not known here: try it on a part "
        f"of the calls. Only one model is used by {one} of {wording.plural(len(frame), 'key')}."
    )
    left = int(sum(frame["left_out"]))
    return said + (
        f" {wording.plural(left, 'call')} without a known cost or known tokens left out." if left else ""
    )


def _table_of(selection: Selection, stands_for: StandsFor) -> None:
    table = _savings_table(selection, stands_for)
    number, amounts = st.column_config.NumberColumn, number_format(table["Cost (USD)"], Unit.USD)
    drill.table(
        table,
        "savings",
        drawn.into("key"),
        drill.Rows(list(table["API key"])),
        hide_index=True,
        placeholder="",
        column_config={
            "Would save (USD)": number(format=amounts),
            SHARE: st.column_config.ProgressColumn(format=PERCENT, min_value=0, max_value=100),
            "Cost (USD)": number(format=amounts),
            "Models used": number(format="localized"),
            "Calls that would move": number(format="localized"),
        },
    )


@cached.shared
def _savings_table(selection: Selection, stands_for: StandsFor) -> pd.DataFrame:
    frame = _found(selection, stands_for)
    pairs = zip(frame["saved_usd"], frame["cost_usd"], strict=True)
    return pd.DataFrame(
        {
            "API key": figures.names("key", frame["key"]),
            "Would save (USD)": frame["saved_usd"].astype(float),
            SHARE: [float(100 * saved / paid) if paid else 0.0 for saved, paid in pairs],
            "Cost (USD)": frame["cost_usd"].astype(float),
            "With": [_names(models) for models in frame["to"]],
            "Calls that would move": frame["moved_calls"].astype("Int64"),
            "Models used": frame["models"].astype("Int64"),
        }
    )


def _names(models: tuple[Model, ...]) -> str:
    more = len(models) - SHOWN_MODELS
    shown = [model.name for model in models[:SHOWN_MODELS]]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _silent(selection: Selection) -> None:
    st.markdown("##### Keys without calls")
    label_ = st.segmented_control(
        "In the last",
        list(SILENT),
        default="30 days",
        required=True,
        key="silent-for",
        bind="query-params",
    )
    days, zone = SILENT[label_], selection.timeframe.zone
    table, said, last_days = _silent_keys(selection.key, days, zone)
    st.markdown(said)
    if len(table):
        number = st.column_config.NumberColumn
        drill.table(
            table,
            "silent",
            drill.Drill("key"),
            drill.Rows(list(table["API key"]), last_days),
            hide_index=True,
            placeholder=wording.UNKNOWN,
            column_config={
                "Days ago": number(format="localized"),
                "Calls in all": number(format="localized"),
                "Cost in all (USD)": number(
                    format=number_format(table["Cost in all (USD)"].dropna(), Unit.USD)
                ),
            },
        )


@cached.shared
def _silent_keys(only: tuple[str, ...], days: int, zone: str) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """The keys whose last call was long before the log's last, a sentence on them (Markdown), and for each
    the days up to that call."""
    last = cached.held().last
    known = {key: at for key, at in cached.found(last_calls).items() if not only or key in only}
    silent = {key: at for key, at in known.items() if last and at < last - timedelta(days=days)}
    if not silent or last is None:
        return (
            pd.DataFrame(),
            f"Every one of the {wording.plural(len(known), 'key')} made a call in these days.",
            (),
        )
    upto = plain(wording.moment(last, zone))
    more = f"; the {MOST_SILENT} silent for longest are listed" if len(silent) > MOST_SILENT else ""
    said = (
        f"**{wording.plural(len(silent), 'key')}** of {len(known):,d} made no call in the {days} days before "
        f"the last call of all ({upto}), whatever the timeframe{more}. A key that is not needed any more is "
        "best withdrawn at its provider. Choose one to see its last days."
    )
    shown = dict(list(silent.items())[:MOST_SILENT])
    ends = [at.astimezone(timeframe.zone_info(zone)).date() for at in shown.values()]
    days_up_to = tuple(drill.days(end - timedelta(days=SEEN_DAYS - 1), end) for end in ends)
    return _silent_table(shown, last, zone), said, days_up_to


def _silent_table(shown: dict[str, datetime], last: datetime, zone: str) -> pd.DataFrame:
    """A row for each key: its last call, how long that is before the last of all, and what it did in all."""
    whole = _all_time(tuple(shown), zone)
    rows: list[dict[str, Any]] = [
        {
            "API key": name,
            "Last call": wording.moment(at, zone),
            "Days ago": (last - at).days,
            "Calls in all": whole.get(key, {}).get("calls"),
            "Cost in all (USD)": whole.get(key, {}).get("cost_usd"),
        }
        for (key, at), name in zip(shown.items(), figures.names("key", shown), strict=True)
    ]
    return pd.DataFrame(rows).astype({"Calls in all": "Int64", "Cost in all (USD)": float})


def _all_time(keys: tuple[str, ...], zone: str) -> dict[str, dict[str, Any]]:
    """What keys did in all: their calls and cost."""
    held = cached.held()
    if held.first is None or held.last is None:
        return {}
    info = timeframe.zone_info(zone)
    frame: Timeframe = timeframe.custom(
        held.first.astimezone(info).date(), held.last.astimezone(info).date(), zone
    )
    found = cached.answer(Question(Selection(frame, key=keys), ("cost_usd", "calls"), ("key",)))
    return {row["key"]: row for row in found.to_dict("records")}

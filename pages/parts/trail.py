"""The way back from what was narrowed by clicks: each is a step that can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts import address, sidebar
from pages.parts.text import plain
from usage_core import wording
from usage_core.charts.names import shortened
from usage_core.selection import FILTERS, Selection

MOST_STEPS = 20
"""So many clicks can be taken back."""

TIME = ("tf", "range")
"""The parameters of the timeframe."""

_HERE, _TRAIL = "trail-here", "trail-steps"


@dataclass(frozen=True, slots=True)
class Here:
    """Where the visitor stands, as the frame drew it last."""

    page: str
    """As the frame names it: "usage/cost"."""
    title: str
    selection: Selection


@dataclass(slots=True)
class _Step:
    """One click: what stood in the link before, and where that was."""

    before: address.Params
    after: address.Params | None
    """None until the page was drawn: only then is it known what of the wish came true."""
    here: Here
    to: str
    set: tuple[str, ...]
    """The parameters of the page that it set."""


def here() -> Here:
    """Where the visitor stands; for callbacks."""
    found: Here = st.session_state[_HERE]
    return found


def selects(params: address.Params) -> address.Params:
    """What of a link says which calls are shown."""
    return {name: values for name, values in params.items() if name in (*TIME, *FILTERS)}


def go(to: str | None, asked: address.Params, sets: Sequence[str]) -> None:
    """Take a step from a callback: go to a page (None to stay) with these parameters, `sets` its own."""
    steps = st.session_state.setdefault(_TRAIL, [])
    steps.append(_Step(address.params(), None, here(), to or here().page, tuple(sets)))
    del steps[:-MOST_STEPS]
    address.wish(to, asked)


def way_back(page: str, title: str, selection: Selection) -> None:
    """Say above a page ("usage/cost", its title) what clicks narrowed, with the way back."""
    st.session_state[_HERE] = Here(page, title, selection)
    now, steps = address.params(), st.session_state.get(_TRAIL, [])
    if steps and steps[-1].after is None:
        steps[-1].after = now
    step = next((step for step in reversed(steps) if _holds(step, now)), None)
    if step is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="narrowed", border=True):
        st.markdown(f":material/filter_alt: Narrowed to {_narrowed(steps, now, selection)}")
        label = plain(f"Back to {_before(step)}")
        st.button(label, on_click=_back, args=(step,), icon=":material/arrow_back:", key="way-back")


def _changed(step: _Step) -> list[str]:
    """The parameters of the selection that a step changed."""
    before, after = selects(step.before), selects(step.after or {})
    return [name for name in (*TIME, *FILTERS) if before.get(name) != after.get(name)]


def _holds(step: _Step, now: address.Params) -> bool:
    """Whether what a step narrowed is still so: nothing of it was changed by hand or by the browser."""
    changed = _changed(step)
    return bool(changed) and all(now.get(name) == (step.after or {}).get(name) for name in changed)


def _returns(step: _Step) -> bool:
    """Whether the step led from another page to the one that is shown."""
    return here().page == step.to != step.here.page


def _back(step: _Step) -> None:
    """Undo a step, and return to the page where it was made from the one that it led to."""
    now, changed = address.params(), _changed(step)
    if _returns(step):
        own = {name: values for name, values in step.before.items() if name not in address.FRAME}
        now = address.of_the_frame(now) | own
    elif here().page == step.to:
        changed += step.set
    restored = {name: step.before.get(name, []) for name in changed}
    address.wish(step.here.page if _returns(step) else None, now | restored)


def _narrowed(steps: Sequence[_Step], now: address.Params, selection: Selection) -> str:
    """What is shown because of clicks (Markdown)."""
    names = {
        name
        for step in steps
        for name in _changed(step)
        if now.get(name) and now.get(name) == (step.after or {}).get(name)
    }
    said = [f"**{plain(_label(name, now[name]))}**" for name in FILTERS if name in names]
    if names & set(TIME):
        said.append(plain(_days(selection)))
    return ", ".join(said)


def _before(step: _Step) -> str:
    """Where the way back leads, in words."""
    changed = _changed(step)
    said = [step.here.title] if _returns(step) else []
    if set(changed) & set(TIME):
        said.append(_days(step.here.selection))
    said += [_label(name, step.before.get(name, [])) for name in changed if name in FILTERS]
    return ", ".join(said)


def _days(selection: Selection) -> str:
    return wording.days(selection.timeframe.first_day, selection.timeframe.last_day)


def _label(name: str, values: Sequence[str]) -> str:
    """The values of a filter in words: the one there is, or how many, or all."""
    heading = sidebar.noun(name)
    if len(values) == 1:
        value = shortened(values[0], 40)
        return f"{heading} {value}" if value.strip() == sidebar.NOT_GIVEN else value
    return f"{len(values)} {heading}s" if values else f"all {heading}s"

"""The link a visitor stands at: all states of widgets are in it, so going to another link is how a page
changes many of them at once, as one step of the browser's history."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.runtime_util import MESSAGE_FLUSH_INTERVAL_SECS
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

Params = dict[str, list[str]]
"""Every parameter of a link with its values, those of the sidebar and those of the page."""

FRAME = ("tf", "range", "tz", "key", "provider", "model", "kind")
"""The parameters of the sidebar: they mean the same on every page."""

_WISH = "address-wish"


@dataclass(frozen=True, slots=True)
class _Wish:
    page: str | None
    params: Params


def params() -> Params:
    """What stands in the link."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def of_the_frame(params: Params) -> Params:
    """What of a link is the sidebar's."""
    return {name: values for name, values in params.items() if name in FRAME}


def rules() -> bool:
    """Whether in this run the link says what the widgets of the frame show, whatever they held before."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def fill_both_dates(name: str) -> None:
    """Let a link whose range is one day fill both fields of a date input; to be called just before it.

    Streamlit drops the second of two equal values of a link, and half a range looks unfinished. So it
    is given the second date in the other spelling that it reads.
    """
    dates, context = st.query_params.get_all(name), get_script_run_ctx()
    if context is not None and len(dates) == 2 and dates[0] == dates[1]:
        spelled = params() | {name: [dates[0], dates[1].replace("-", "/")]}
        with context.session_state.query_params() as link:
            link.set_initial_query_params(urlencode(spelled, doseq=True))


def tell_again(*names: str) -> None:
    """Tell a browser that has not drawn these widgets by now what they show; to be called before them.

    It is told in one run only. Where the next comes before it has loaded what draws them, it would draw their
    defaults, and the next run would take these for the reader's choice.
    """
    context = get_script_run_ctx()
    if context is None or rules():
        return
    state = context.session_state._state
    for name in names:
        widget = state._key_id_mapper.get_id_from_key(name)
        if widget and widget not in state._new_widget_state and name in st.session_state:
            st.session_state[name] = st.session_state[name]


def hold(values: Mapping[str, list[str]]) -> None:
    """Have the link hold what widgets of the frame show, where it says nothing of them.

    A browser that goes to another page keeps in its link only the parameters of widgets that it has drawn by
    then. The server knows the others still, and without them a link would be to other figures.
    """
    context = get_script_run_ctx()
    missing = {name: held for name, held in values.items() if held and not st.query_params.get_all(name)}
    if context is None or not missing:
        return
    with context.session_state.query_params() as link:
        for name, held in missing.items():
            link.set_with_no_forward_msg(name, held)
        link._send_query_param_msg()


def wish(page: str | None, asked: Mapping[str, list[str]]) -> None:
    """Ask, in a widget's callback, to go to a page ("usage/cost", None to stay) with these parameters."""
    st.session_state[_WISH] = _Wish(page, {name: values for name, values in asked.items() if values})


def follow() -> None:
    """Go where the last callback wished to go; to be called when the navigation is known.

    `st.switch_page` cannot do it: it refuses every parameter that is bound to a widget, and setting the
    widgets instead would leave one step in the browser's history for each. So this tells the browser
    the new link and then runs the script as Streamlit does after the browser's back button, which
    makes the link, and not what the widgets held before, say what they show.
    """
    found: _Wish | None = st.session_state.pop(_WISH, None)
    context = get_script_run_ctx()
    if found is None or context is None:
        return
    page = _hash(found.page) if found.page else context.page_script_hash
    kept = _put(context, page, found.params)
    # As `st.switch_page`: the next run would overtake what is not on its way by now.
    time.sleep(2 * MESSAGE_FLUSH_INTERVAL_SECS)
    raise RerunException(
        RerunData(
            query_string=context.query_string,
            # Named without values, the widgets of the frame stay what they are: bound to the link.
            widget_states=WidgetStates(widgets=[WidgetState(id=widget) for widget in kept]),
            page_script_hash=page,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
            is_history_navigation=True,
        )
    )


def _put(context: ScriptRunContext, page: str, params: Params) -> list[str]:
    """Put parameters into the link in place of its own, and give the widgets that stay bound to it: not those
    of a page that is left."""
    with context.session_state.query_params() as link:
        names = {*link, *params, *FRAME}
        bindings = [binding for name in names if (binding := link.get_binding_for_param(name))]
        kept = [each for each in bindings if page == context.page_script_hash or each.param_key in FRAME]
        for left in bindings:
            if left not in kept:
                link.unbind_widget(left.widget_id)
        link.clear_with_no_forward_msg(preserve_embed=True)
        for name, values in params.items():
            link.set_with_no_forward_msg(name, values)
        link._send_query_param_msg()
    return [each.widget_id for each in kept]


def _hash(page: str) -> str:
    """Streamlit's name of a page."""
    context = get_script_run_ctx()
    pages = context.pages_manager.get_pages().values() if context else ()
    return next(
        each["page_script_hash"]
        for each in pages
        if each["script_path"].replace("\\", "/").endswith(f"/pages/{page}.py")
    )

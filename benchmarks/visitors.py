"""Visitors without a browser: they speak Streamlit's protocol over a websocket, as a browser would.

A visitor remembers what the server drew, and sends with each request what a browser sends: the state of
every widget on the page, the link, and the hashes of the large messages it still holds.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 120
LONGEST_END = 100
"""The message that ends a run has no more bytes."""
ZONE = "UTC"
Days = tuple[date, date]
"""First and last day of a timeframe."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """One run of a page's script: how long from the request until the server said that it finished."""

    page: str
    seconds: float
    messages: int
    bytes: int


@dataclass(slots=True)
class Visitor:
    """One session. `Visitor.arrive` opens it; `ask` has a page drawn."""

    socket: ClientConnection
    url: str
    days: Days
    pages: dict[str, str] = field(default_factory=dict)
    """The hash of each page, by title."""
    page: str = ""
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    held: list[set[str]] = field(default_factory=list)
    """Hashes of the large messages of the last runs."""

    @classmethod
    async def arrive(cls, url: str, days: Days) -> Self:
        """Open a session at a link to the start page, and wait for it."""
        stream = url.replace("http://", "ws://", 1) + "/_stcore/stream"
        socket = await connect(stream, subprotocols=["streamlit"], max_size=None)
        visitor = cls(socket, url, days)
        await visitor.ask("", days)
        return visitor

    async def ask(self, page: str, days: Days) -> Rerun:
        """Have a page drawn for a timeframe, by a click on its link or a change of the days."""
        self._pick(days)
        request = self._request(page)
        start = time.perf_counter()
        await self.socket.send(request)
        told, message, arrived = await self._hear()
        drawn: dict[str, WidgetState] = {}
        held: set[str] = set()
        for each in told:
            self._learn(ForwardMsg.FromString(each), drawn, held)
        if message.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
            raise RuntimeError(f"{page} did not finish")
        self.widgets, self.held = drawn, [*self.held[-1:], held]
        return Rerun(self.page, arrived - start, len(told), sum(map(len, told)))

    async def _hear(self) -> tuple[list[bytes], ForwardMsg, float]:
        """What the server tells, the last of it read, and when that arrived. The rest is read later, as what
        is to be known is how long the server takes."""
        told: list[bytes] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                told.append(await self.socket.recv(decode=False))
                arrived = time.perf_counter()
                if len(told[-1]) <= LONGEST_END:
                    last = ForwardMsg.FromString(told[-1])
                    if last.WhichOneof("type") == "script_finished":
                        return told, last, arrived

    def _pick(self, days: Days) -> None:
        self.days = days
        for state in self.widgets.values():
            if state.id.endswith("-range"):
                state.string_array_value.data[:] = [str(day) for day in days]

    def _request(self, page: str) -> bytes:
        message = BackMsg()
        run = message.rerun_script
        link = [("tz", ZONE), ("tf", "Custom"), *(("range", str(day)) for day in self.days)]
        run.query_string = urlencode(link)
        run.page_script_hash = self.pages.get(page, "")
        run.widget_states.widgets.extend(self.widgets.values())
        run.cached_message_hashes.extend(set().union(*self.held))
        run.context_info.timezone, run.context_info.locale = ZONE, "en-GB"
        run.context_info.url, run.context_info.color_scheme = self.url + "/", "light"
        return message.SerializeToString()

    def _learn(self, message: ForwardMsg, drawn: dict[str, WidgetState], held: set[str]) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {page.page_name: page.page_script_hash for page in message.navigation.app_pages}
            shown = message.navigation.page_script_hash
            self.page = next(name for name, script in self.pages.items() if script == shown)
        elif kind == "ref_hash":
            held.add(message.ref_hash)
        elif kind == "delta":
            if message.metadata.cacheable:
                held.add(message.hash)
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                raise RuntimeError(f"{self.page} shows an exception: {element.exception.message}")
            if state := _state(element):
                # Only what the server itself has changed differs from what the visitor knows.
                is_news = getattr(element, element.WhichOneof("type")).set_value
                drawn[state.id] = state if is_news else self.widgets.get(state.id, state)


def _state(element: Any) -> WidgetState | None:
    """What a browser would send for a widget that nobody has touched since it was drawn."""
    kind = element.WhichOneof("type")
    if kind not in ("button_group", "multiselect", "date_input", "selectbox"):
        return None
    widget = getattr(element, kind)
    state = WidgetState(id=widget.id)
    if kind == "selectbox":
        if widget.set_value:
            state.string_value = widget.raw_value
        elif widget.HasField("default"):
            state.string_value = widget.options[widget.default]
    elif kind == "date_input":
        state.string_array_value.data.extend(widget.value if widget.set_value else widget.default)
    elif kind == "multiselect":
        state.string_array_value.data.extend(widget.raw_values if widget.set_value else [])
    else:
        state.string_array_value.data.extend(_picked(widget))
    return state


def _picked(group: Any) -> list[str]:
    if group.set_value:
        return list(group.raw_values)
    return [group.options[place].content for place in group.default]


async def browse(
    visitor: Visitor, timeframes: Sequence[Days], think: tuple[float, float], until: float, seed: int
) -> list[Rerun]:
    """Ask for another page or another timeframe, as often the one as the other, after each time to think."""
    choose = random.Random(seed)
    reruns = []
    await asyncio.sleep(choose.uniform(0, think[1]))
    while time.perf_counter() < until:
        page, days = visitor.page, visitor.days
        if choose.random() < 0.5:
            page = choose.choice([name for name in visitor.pages if name != page])
        else:
            days = choose.choice([other for other in timeframes if other != days])
        reruns.append(await visitor.ask(page, days))
        await asyncio.sleep(choose.uniform(*think))
    return reruns

"""What the console's server has beside its pages: routes, doors in front of all, and a warm start."""

import contextlib
import gc
import importlib
import logging
from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from pages.server import starting, stopping, theme, visitor
from pages.server.doors import NOT_PAGES, VISITOR, Doors
from pages.server.hardening import Hardening
from usage_core import cached, counters, logs, settings
from usage_core.access.journal import Event
from usage_core.access.rules import THIS_MACHINE, Visitor
from usage_core.api.endpoint import Console
from usage_core.api.health import health_routes
from usage_core.api.routes import routes
from usage_core.api.slots import Slots
from usage_core.errors import UsageError
from usage_core.intake.several import Outcome
from usage_core.store.settings import reporting_zone
from usage_core.store.upkeep import Upkeep
from usage_core.workspace import Shown

# What every page needs; loaded before the first visitor instead of during their first page.
WARM = (
    "pandas",
    "altair",
    "pyarrow.compute",
    "streamlit.elements.vega_charts",
    "usage_core.charts.over_time",
)


BROKEN_OFF = logs.Brief(CancelledError, ClientDisconnect, said="A request was broken off")
"""The other side has gone, or the console stops: no error of anybody's."""


def application(navigation: Callable[[Visitor], object]) -> dict[str, Any]:
    """Arguments for `st.App`; ends the program where nobody may be let in this way. `navigation` tells
    Streamlit the pages a visitor may see."""
    access = starting.checked_access()
    base = ("/" + config.get_option("server.baseUrlPath").strip("/")).rstrip("/")
    return {
        "routes": [
            *health_routes(base, _check),
            *routes(_console(), base),
        ],
        "middleware": [
            Middleware(Hardening, base=base, wall=starting.wall(access)),
            Middleware(Doors, base=base),
            Middleware(WayHome, base=base),
        ],
        "secrets": {"auth": starting.secrets(access, base)} if access else None,
        "lifespan": partial(_lifespan, navigation),
        "on_script_error": _count_error,
    }


def _console() -> Console:
    return Console(
        _shown,
        _visitor,
        _exported,
        _imported,
        Slots(settings.load().exports_at_once),
        visitor.journal,
        lambda: cached.workspace().real,
        _origin,
    )


def _origin(request: Request) -> str:
    access = visitor.access()
    return access.url if access else f"{request.url.scheme}://{request.url.netloc}"


class WayHome:
    """Sends whoever opens an address beneath a page's to the start page; there is nothing else to show,
    and Streamlit would show nothing at all."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer who is lost; hand on what is asked of all others."""
        if scope["type"] == "http" and scope["method"] == "GET" and self._is_lost(Request(scope)):
            home = RedirectResponse(self.base + "/", status_code=307)
            await home(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_lost(self, request: Request) -> bool:
        path = request.url.path.removeprefix(self.base).strip("/")
        is_page = "text/html" in request.headers.get("accept", "")
        return is_page and "/" in path and path.split("/")[0] not in NOT_PAGES


def _count_error(_error: Exception) -> None:
    counters.SCRIPT_ERRORS.inc()


def _check() -> None:
    """Ask the store and the audit log something; raises where they do not answer."""
    with cached.workspace().real.reading() as connection:
        reporting_zone(connection)
    list(visitor.journal().entries(1))


def _visitor(request: Request) -> Visitor:
    """Who was let in with a request, by the doors it came through."""
    found: Visitor = request.scope[VISITOR]
    return found


def _exported(here: Visitor, what: str, rows: int | None) -> None:
    visitor.journal().record(Event.EXPORTED, here.who, what, rows)
    if rows is not None:
        counters.EXPORTS.inc()
        counters.EXPORTED_ROWS.inc(rows)


def _imported(here: Visitor, outcome: Outcome) -> None:
    visitor.journal().record(Event.IMPORTED, here.who, outcome.sentence, outcome.rows)
    counters.imported(outcome.kind, outcome.rows)


def _shown() -> Shown:
    return cached.workspace().shown()


def _warm() -> None:
    try:
        _shown().lake.keep_hot()
    except UsageError as error:
        starting.give_up(error)


@contextlib.asynccontextmanager
async def _lifespan(navigation: Callable[[Visitor], object], _app: Starlette) -> AsyncIterator[None]:
    for name in WARM:
        importlib.import_module(name)
    _name_pages(navigation)
    theme.write_once()
    logging.getLogger("uvicorn.error").addFilter(BROKEN_OFF)
    if logs.is_json():  # by now every logger is there
        logs.write_json()
    await to_thread.run_sync(_warm)
    upkeep = Upkeep(cached.workspace().real)
    upkeep.start()
    # Streamlit collects garbage after every run; what is loaded now never becomes garbage.
    gc.collect()
    gc.freeze()
    gc.enable()  # see `app`
    starting.say(visitor.access())
    underway = cached.workspace().real.underway
    stopping.limit(underway)
    yield
    await to_thread.run_sync(upkeep.stop)
    await to_thread.run_sync(underway.wait, stopping.SECONDS)
    await to_thread.run_sync(cached.workspace().close)


def _name_pages(navigation: Callable[[Visitor], object]) -> None:
    """Tell Streamlit the pages before the first visitor; it grumbles that nobody is there to see them."""
    grumbler = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    grumbler.disabled = True
    try:
        navigation(THIS_MACHINE)
    finally:
        grumbler.disabled = False

"""What the console's server has beside its pages: routes, checks of the host, and a warm start."""

import contextlib
import gc
import importlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from pages.parts import frame
from usage_core import cached
from usage_core.api.calls import routes
from usage_core.store.upkeep import Upkeep
from usage_core.workspace import Shown

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

# What every page needs; loaded before the first visitor instead of during their first page.
WARM = (
    "pandas",
    "altair",
    "pyarrow.compute",
    "streamlit.elements.vega_charts",
    "usage_core.charts.over_time",
)

NOT_PAGES = ("api", "_stcore", "static", "media", "component", "app")
"""First parts of addresses that are not pages'."""


def application() -> dict[str, Any]:
    """Arguments for `st.App`."""
    base = "/" + config.get_option("server.baseUrlPath").strip("/")
    return {
        "routes": routes(_shown, base.rstrip("/")),
        "middleware": [
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts()),
            Middleware(WayHome, base=base.rstrip("/")),
        ],
        "lifespan": _lifespan,
    }


class WayHome:
    """Sends whoever opens an address beneath a page's to the start page; there is nothing else to show,
    and Streamlit would show nothing at all."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and self._is_lost(Request(scope)):
            home = RedirectResponse(self.base + "/", status_code=307)
            await home(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_lost(self, request: Request) -> bool:
        path = request.url.path.removeprefix(self.base).strip("/")
        is_page = "text/html" in request.headers.get("accept", "")
        return is_page and "/" in path and path.split("/")[0] not in NOT_PAGES


def _shown() -> Shown:
    return cached.workspace().shown()


def _warm() -> None:
    _shown().lake.keep_hot()


def _hosts() -> list[str]:
    """Hosts that may be asked for. On loopback no other name leads here but by a trick."""
    named = list(config.get_option("server.allowedHosts") or [])
    if config.get_option("server.address") in LOOPBACK:
        return [*LOOPBACK, *named]
    return named or ["*"]


@contextlib.asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    for name in WARM:
        importlib.import_module(name)
    _name_pages()
    await to_thread.run_sync(_warm)
    upkeep = Upkeep(cached.workspace().real)
    upkeep.start()
    # Streamlit collects garbage after every run; what is loaded now never becomes garbage.
    gc.collect()
    gc.freeze()
    yield
    await to_thread.run_sync(upkeep.stop)
    await to_thread.run_sync(cached.workspace().close)


def _name_pages() -> None:
    """Tell Streamlit the pages before the first visitor; it grumbles that nobody is there to see them."""
    grumbler = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    grumbler.disabled = True
    try:
        frame.navigation()
    finally:
        grumbler.disabled = False

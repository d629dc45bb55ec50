"""Whether the console lives, is ready, and what it has done: `/healthz`, `/readyz`, `/metrics`."""

import logging
from collections.abc import Callable

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_log = logging.getLogger(__name__)


def health_routes(base: str, check: Callable[[], None]) -> list[Route]:
    """The routes beneath `base`; `check` asks the store something, and raises where it does not answer."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        try:
            await to_thread.run_sync(check)
        except Exception:  # whatever it is: the reason is for the log, not for whoever asks
            _log.exception("The store does not answer")
            return JSONResponse({"status": "the store does not answer"}, status_code=503)
        return JSONResponse({"status": "ready"})

    async def metrics(_request: Request) -> Response:
        return Response(await to_thread.run_sync(generate_latest), media_type=CONTENT_TYPE_LATEST)

    return [
        Route(base + path, answer, methods=["GET"])
        for path, answer in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics))
    ]

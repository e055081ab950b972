"""One line in the log and one observation in the metrics for every request."""

import time
from typing import Any, Final

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain.rights import Caller
from services.gateway.routes.doorkeeper import OPEN_PATHS
from services.platform.process.logging import unit_of_work

_SECONDS: Final = Histogram(
    "nightkeep_http_request_seconds",
    "Time until an answer began.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0),
)


class Observed:
    """ASGI middleware around everything else. Probes are not observed: they are many and say nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        with unit_of_work("request", method=scope["method"], path=scope["path"]) as line:
            await self._app(scope, receive, _Answer(scope, send, line))


class _Answer:
    """Passes an answer on and notes how it began."""

    def __init__(self, scope: Scope, send: Send, line: dict[str, Any]) -> None:
        self._scope = scope
        self._send = send
        self._line = line
        self._began = time.monotonic()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._note(message["status"])
        await self._send(message)

    def _note(self, status: int) -> None:
        route = getattr(self._scope.get("route"), "path", "none")
        caller = self._scope.get("state", {}).get("caller")
        self._line["status"] = status
        self._line["user"] = caller.user if isinstance(caller, Caller) else None
        _SECONDS.labels(self._scope["method"], route, status).observe(time.monotonic() - self._began)

"""Scripts end addresses with a slash or without: both are the same place, without a redirect that curl ignores."""

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.routes.errors import COMPATIBLE


class Unslashed:
    """ASGI middleware: takes the slash away at the end of the compatible API's addresses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "http":
            scope["path"] = unslashed(scope["path"])
        await self._app(scope, receive, send)


def unslashed(path: str) -> str:
    """The address that a script means."""
    return path.rstrip("/") if path.startswith(COMPATIBLE) else path

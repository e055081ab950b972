"""An S3 server that has room or none: it stands before the real one and answers what writes as full ones do (507)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.errors import FailureCode
from infra.local.ports import free_port
from services.platform.objectstore import Faults, StoreUnavailableError
from services.platform.process.http import serve
from services.platform.process.settings import S3Settings
from tests.support.eventually import eventually

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
WRITING = ("PUT", "POST")
ADDING = ("put", "put_stream", "replace", "copy")
FULL = "<Error><Code>{}</Code><Message>no room is left</Message></Error>"


@dataclass
class FullStore:
    """`settings` lead to it; after `room` more requests that write, it is full. None: there is room for all.

    `asked` are all requests, `refused` the paths of what found no room; `status` and `code` are how that is said.
    """

    settings: S3Settings
    inner: httpx.AsyncClient
    room: int | None = None
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    status: int = 507
    code: str = "XMinioStorageFull"

    async def answer(self, request: Request) -> Response:
        """What the real one says, or that it is full. The host is passed on too: it is part of what was signed."""
        self.asked.append(f"{request.method} {request.url.path}")
        if request.method in WRITING and not self._fits():
            self.refused.append(request.url.path)
            return Response(FULL.format(self.code), status_code=self.status, media_type="application/xml")
        path = request.scope["raw_path"] + (b"?" + query if (query := request.scope["query_string"]) else b"")
        url = self.inner.base_url.copy_with(raw_path=path)
        said = await self.inner.request(request.method, url, headers=request.headers.raw, content=await request.body())
        return Response(said.content, said.status_code, dict(said.headers))

    def _fits(self) -> bool:
        if self.room is not None:
            self.room -= 1
        return self.room is None or self.room >= 0


@dataclass
class NoRoom(Faults):
    """The same in this process: while it is `full`, whatever writes finds no room."""

    full: bool = False

    def strike(self, when: dict[str, int], operation: str, key: str) -> None:
        """Raises StoreUnavailableError."""
        if self.full and when is self.before and operation in ADDING:
            raise StoreUnavailableError(f"the object store is full (507): no room for {key}", code=FailureCode.NO_SPACE)


@asynccontextmanager
async def before(s3: S3Settings) -> AsyncIterator[FullStore]:
    """One that stands before the server of `s3`."""
    port = free_port()
    settings = s3.model_copy(update={"endpoint_url": f"http://127.0.0.1:{port}"})
    async with httpx.AsyncClient(base_url=str(s3.endpoint_url), timeout=60, trust_env=False) as inner:
        store = FullStore(settings, inner)
        routes = [Route("/{path:path}", store.answer, methods=METHODS)]
        serving = asyncio.create_task(serve(Starlette(routes=routes), "127.0.0.1", port))
        await eventually(lambda: _listens(port))
        try:
            yield store
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True

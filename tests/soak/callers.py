"""A client of the gateway that asks again until it knows, and writes down its answers for the history checker.

Those of looks that went well are too many, and are shown elsewhere.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx

from services.cli.client import Gateway
from services.cli.errors import NotKnownYetError, ServerError, UnreachableError
from tests.support.eventually import eventually

USER: Final = "ada"
NOT_NOW: Final = (NotKnownYetError, UnreachableError, ServerError)
"""What a client hears while something is down; the same question again, under the same key, is the way on."""
T = TypeVar("T")


class Caller:
    """One user of the gateway. `calls` is a file of JSON lines: method, path, idempotency key, status, answer."""

    def __init__(self, gateway: Gateway, calls: Path) -> None:
        self.gateway = gateway
        self._calls = calls
        client: httpx.Client = gateway._transport._client  # noqa: SLF001 -- every answer passes there, whoever asked
        client.event_hooks = {"response": [self._note]}

    async def change(self, call: Callable[..., T], *arguments: object, seconds: float = 240.0, **options: object) -> T:
        """Ask for a change until the answer is known. Raises RefusedError, and TimeoutError with what was said last."""
        key = str(uuid4())
        return await self.look(lambda: call(*arguments, idempotency_key=key, **options), seconds=seconds)

    async def look(self, call: Callable[[], T], *, seconds: float = 240.0) -> T:
        """Ask until there is an answer."""
        answers: list[T] = []

        async def asked() -> bool:
            try:
                answers.append(await asyncio.to_thread(call))
            except NOT_NOW:
                await asyncio.sleep(0.2)
                return False
            return True

        await eventually(asked, within_seconds=seconds)
        return answers[0]

    async def until(self, call: Callable[[], T], holds: Callable[[T], object], *, seconds: float = 240.0) -> T:
        """What is there once it holds. Raises TimeoutError with what was there last."""
        seen: list[T] = []

        async def looked() -> bool:
            seen[:] = [await self.look(call, seconds=seconds)]
            return bool(holds(seen[0]))

        try:
            await eventually(looked, within_seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError(f"it did not come to pass: {seen}") from error
        return seen[0]

    async def say(self, method: str, path: str, key: str | None = None, body: object = None) -> httpx.Response:
        """The answer to one request, as it is; "too often" is waited out. Raises httpx.ReadTimeout after 30 s."""
        headers = {} if key is None else {"Idempotency-Key": key}
        asked = self.gateway._transport._asked  # noqa: SLF001 -- what is above it makes errors of answers
        return await asyncio.to_thread(asked, method, path, headers=headers, json=body)

    def _note(self, response: httpx.Response) -> None:
        request = response.request
        if request.method == "GET" and response.is_success:
            return
        response.read()
        line = {
            "user": USER,
            "method": request.method,
            "path": request.url.raw_path.decode(),
            "key": request.headers.get("Idempotency-Key"),
            "status": response.status_code,
            "answer": _json(response),
        }
        with self._calls.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


@contextmanager
def open_caller(url: str, api_key: str, calls: Path) -> Iterator[Caller]:
    """A caller with a key, as long as the block lasts."""
    with Gateway(url, USER, api_key, patience_seconds=5) as gateway:
        yield Caller(gateway, calls)


def _json(response: httpx.Response) -> Any:  # noqa: ANN401 -- JSON
    try:
        return response.json() if response.content else None
    except ValueError:
        return response.text

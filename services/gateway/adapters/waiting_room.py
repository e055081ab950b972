"""Many wait for different things that one look at the database can answer; each is called when its answer is there."""

import asyncio
from collections.abc import Collection
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class WaitingRoom(Generic[K, V]):
    """Who waits for what."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}
        self._somebody = asyncio.Event()

    async def somebody(self) -> None:
        """Returns as soon as somebody waits: who looks for answers may sleep until then."""
        await self._somebody.wait()

    def wanted(self) -> Collection[K]:
        """What somebody waits for."""
        return self._waiting.keys()

    async def wait(self, key: K) -> V:
        """The answer to `key`, when somebody gives it; for as long as the caller has patience."""
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._somebody.set()
        try:
            return await future
        finally:
            self._leave(key, future)

    def answer(self, key: K, value: V) -> None:
        """Call everybody who waits for `key`."""
        for future in self._waiting.get(key, ()):
            if not future.done():
                future.set_result(value)

    def _leave(self, key: K, future: asyncio.Future[V]) -> None:
        others = [other for other in self._waiting[key] if other is not future]
        if others:
            self._waiting[key] = others
        else:
            del self._waiting[key]
        if not self._waiting:
            self._somebody.clear()

"""Many wait for different things that one look at the database can answer; each is called when its answer is there."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, Never, TypeVar

from services.platform.database.notifications import Notifications

K = TypeVar("K")
V = TypeVar("V")
Look = Callable[[Collection[K]], Awaitable[Mapping[K, V]]]
"""Finds what is there of the answers that are wanted."""


class WaitingRoom(Generic[K, V]):
    """Who waits for what."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[asyncio.Future[V]]] = {}
        self._somebody = asyncio.Event()

    async def serve(self, notifications: Notifications, poll_seconds: float, look: Look[K, V]) -> Never:
        """Look for what somebody waits for at each notification, and after `poll_seconds` anyhow; sleep without any.

        Raises DatabaseUnavailableError when the connection that notifies was lost, and what `look` raises.
        """
        while True:
            await self._somebody.wait()
            await notifications.wait(poll_seconds)
            for key, answer in (await look(self._waiting.keys())).items():
                self._call(key, answer)

    async def wait(self, key: K) -> V:
        """The answer to `key`, when somebody gives it; for as long as the caller has patience."""
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        self._somebody.set()
        try:
            return await future
        finally:
            self._leave(key, future)

    def _call(self, key: K, answer: V) -> None:
        for future in self._waiting.get(key, ()):
            if not future.done():
                future.set_result(answer)

    def _leave(self, key: K, future: asyncio.Future[V]) -> None:
        others = [other for other in self._waiting[key] if other is not future]
        if others:
            self._waiting[key] = others
        else:
            del self._waiting[key]
        if not self._waiting:
            self._somebody.clear()

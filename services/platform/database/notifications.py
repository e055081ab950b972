"""What a session of PostgreSQL tells while it lives: that something was committed, that a lock is still ours."""

import asyncio

from services.platform.database.errors import DatabaseUnavailableError


class Notifications:
    """What arrived on one channel; several at once count as one."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self.lost = False

    async def wait(self, timeout_seconds: float) -> bool:
        """Whether a notification arrived before `timeout_seconds` had passed.

        Raises DatabaseUnavailableError when the connection was lost: nothing would be heard any more.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        if self.lost:
            raise DatabaseUnavailableError("the connection that listens for notifications was lost")
        self._woken.clear()
        return True

    def wake(self) -> None:
        """Something happened in this process that the waiter should look at."""
        self._woken.set()

    def arrived(self, _connection: object, _pid: int, _channel: str, _payload: object) -> None:
        """Called by the driver."""
        self._woken.set()

    def connection_lost(self, _connection: object) -> None:
        """Called by the driver."""
        self.lost = True
        self._woken.set()


class HeldLock:
    """A lock that a session holds; `lost` once the session has ended and somebody else may hold it."""

    def __init__(self) -> None:
        self.lost = False

    def connection_lost(self, _connection: object) -> None:
        """Called by the driver."""
        self.lost = True

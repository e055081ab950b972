"""Waking up when another process has committed something, with a time after which one looks anyway."""

import asyncio


class Notifications:
    """What arrived on one channel; several at once count as one."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._lost = False

    async def wait(self, timeout_seconds: float) -> bool:
        """True when notified before `timeout_seconds` have passed. Raises DatabaseUnavailableError when unheard."""
        raise NotImplementedError

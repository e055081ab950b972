"""How long work says that it goes on, to whoever would take silence for a standstill."""

from collections.abc import Awaitable, Callable

Moves = Callable[[], None]
"""Called whenever something was read, written or removed."""
Moved = Callable[[int], Awaitable[None]]
"""Told how many bytes of packs have been read so far; the same number again says that the work goes on."""


def unheard() -> None:
    """Nobody listens."""


async def unwatched(_bytes_read: int) -> None:
    """Nobody watches."""

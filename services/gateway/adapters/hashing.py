"""Slow hashes of passwords and keys, few at once; where there is none to compare with, it takes as long."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

HASHES_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core: a flood of guesses must not take the machine."""


class Hashing:
    """One for a process."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(HASHES_AT_ONCE)
        self._of_nobody = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, secret: str) -> str:
        """What may be kept of a secret."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, secret)

    async def matches(self, kept: str | None, shown: str) -> bool:
        """Whether the hash is of what was shown; None never is, and is found out no sooner."""
        async with self._places:
            try:
                await asyncio.to_thread(self._hasher.verify, kept or self._of_nobody, shown)
            except VerificationError:
                return False
        return kept is not None

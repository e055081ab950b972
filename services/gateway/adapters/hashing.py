"""Slow hashes of passwords, few at once; where there is none to compare with, it takes as long."""

import asyncio
import secrets
from base64 import b64encode
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from services.gateway.domain import keys

HASHES_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core: a flood of guesses must not take the machine."""


class Hashing:
    """One for a process."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._places = asyncio.Semaphore(HASHES_AT_ONCE)
        self.of_nobody = _of_nobody(self._hasher)

    async def hash(self, secret: str) -> str:
        """What may be kept of a secret that a person chose."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, secret)

    async def matches(self, kept: str | None, shown: str) -> bool:
        """Whether the hash is of what was shown; None never is, and is found out no sooner.

        A random secret's is compared at once, unless an earlier release kept it as slowly as a password's.
        """
        if kept is not None and keys.is_quick(kept):
            return keys.is_of(kept, shown)
        async with self._places:
            try:
                await asyncio.to_thread(self._hasher.verify, kept or self.of_nobody, shown)
            except VerificationError:
                return False
        return kept is not None


def _of_nobody(hasher: PasswordHasher) -> str:
    """A hash that costs as much to compare with as the real ones; made up, since a real one takes as long to make."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (_unpadded(secrets.token_bytes(size)) for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")

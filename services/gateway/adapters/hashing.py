"""Slow hashes of passwords, few at once; where there is none to compare with, it takes as long.

Random secrets need none.
"""

import asyncio
import secrets
from base64 import b64encode
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

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
        """Whether the hash is of what was shown; None never is, and is found out no sooner."""
        async with self._places:
            try:
                await asyncio.to_thread(self._hasher.verify, kept or self.of_nobody, shown)
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    async def opens(self, kept: str, shown: str) -> bool:
        """Whether what is kept of a key or an invitation is of the secret that was shown.

        Earlier releases kept those as slowly as passwords.
        """
        return keys.is_of(kept, shown) if keys.is_quick(kept) else await self.matches(kept, shown)


def _of_nobody(hasher: PasswordHasher) -> str:
    """A hash that costs as much to compare with as the real ones; made up, since a real one takes as long to make."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (_unpadded(secrets.token_bytes(size)) for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19${cost}${salt}${digest}"


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")

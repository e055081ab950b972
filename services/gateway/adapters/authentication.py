"""Recognises callers by their API keys; a verified key is remembered briefly, since an argon2 hash costs 50 ms."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keystore import find_key, note_first_use
from services.gateway.domain import keys
from services.gateway.domain.rights import Caller
from services.platform.database import Database

REMEMBERED_SECONDS: Final = 30.0
"""A revoked key, or a right taken back, works for at most so long in another process than the one that did it."""
REMEMBERED_KEYS: Final = 1_000
"""More keys than this in use at once are verified more often."""

Digest = bytes
Monotonic = Callable[[], float]


class RecentCallers:
    """Callers recognised a moment ago, found by a hash of the presented key that only this process can make."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[Digest, tuple[float, Caller]] = OrderedDict()

    def digest(self, presented: str) -> Digest:
        """The name under which a presented key is remembered."""
        return hashlib.blake2b(presented.encode(), key=self._secret, digest_size=32).digest()

    def find(self, digest: Digest) -> Caller | None:
        """Who showed this key a moment ago."""
        until, caller = self._known.get(digest, (0.0, None))
        return caller if self._monotonic() < until else None

    def remember(self, digest: Digest, caller: Caller) -> None:
        """Keep `caller` for a while, and forget the oldest when there are too many."""
        self._known[digest] = (self._monotonic() + REMEMBERED_SECONDS, caller)
        self._known.move_to_end(digest)
        while len(self._known) > REMEMBERED_KEYS:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Know nobody: a key or a right has changed."""
        self._known.clear()


class Authenticator:
    """Says whose key it is."""

    def __init__(self, database: Database, monotonic: Monotonic, hashing: Hashing) -> None:
        self._database = database
        self._recent = RecentCallers(monotonic)
        self._hashing = hashing
        self._running: dict[Digest, asyncio.Task[Caller | None]] = {}

    async def caller(self, presented: str, user: str | None = None) -> Caller | None:
        """The caller with this key, or None; `user`, where given, has to be the key's, without regard to case."""
        digest = self._recent.digest(presented)
        found = self._recent.find(digest) or await self._once(digest, lambda: self._verified(presented, digest))
        if found is None or (user is not None and user.casefold() != found.user.casefold()):
            return None
        return found

    def forget(self) -> None:
        """Look at every key anew; another process does so within REMEMBERED_SECONDS."""
        self._recent.forget()

    async def _once(self, digest: Digest, verify: Callable[[], Awaitable[Caller | None]]) -> Caller | None:
        """Many requests that show the same key at the same moment cost one verification."""
        task = self._running.get(digest)
        if task is None:
            task = asyncio.ensure_future(verify())
            self._running[digest] = task
            task.add_done_callback(lambda _: self._running.pop(digest, None))
        return await asyncio.shield(task)

    async def _verified(self, presented: str, digest: Digest) -> Caller | None:
        key = keys.parse(presented)
        if key is None:
            return None
        async with self._database.transaction() as c:
            stored = await find_key(c, key.key_id)
        if stored is None or not await self._hashing.matches(stored.hash, key.secret):
            return None
        async with self._database.transaction() as c:
            await note_first_use(c, key.key_id)
        self._recent.remember(digest, stored.caller)
        return stored.caller

"""Recognises callers by their API keys; a verified key is briefly known without a look at PostgreSQL."""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from services.gateway.adapters.guessing import Guessed, Guessing
from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keystore import find_key, note_first_use
from services.gateway.domain import keys
from services.gateway.domain.rights import Caller, StoredKey
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

    def was_right(self, digest: Digest) -> bool:
        """Whether this key was verified before, however long ago: then it is no guess."""
        return digest in self._known

    def remember(self, digest: Digest, caller: Caller) -> None:
        """Keep `caller` for a while, and forget the oldest when there are too many."""
        self._known[digest] = (self._monotonic() + REMEMBERED_SECONDS, caller)
        self._known.move_to_end(digest)
        while len(self._known) > REMEMBERED_KEYS:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Verify everybody anew: a key or a right has changed."""
        self._known = OrderedDict((digest, (0.0, caller)) for digest, (_, caller) in self._known.items())


class Authenticator:
    """Says whose key it is."""

    def __init__(self, database: Database, monotonic: Monotonic, hashing: Hashing, guessing: Guessing) -> None:
        self._database = database
        self._recent = RecentCallers(monotonic)
        self._hashing = hashing
        self._guessing = guessing
        self._running: dict[Digest, asyncio.Task[Caller | None]] = {}

    async def caller(self, presented: str, names: Collection[str] = ()) -> Caller | None:
        """The caller with this key, or None; of `names`, where given, one has to be the key's, without regard to case.

        Raises TooManyGuessesError for who guesses its secret; a key that was right here before does not wait for that.
        """
        digest = self._recent.digest(presented)
        found = self._recent.find(digest) or await self._once(digest, lambda: self._verified(presented, digest))
        is_named = not names or (found is not None and found.user.casefold() in {name.casefold() for name in names})
        return found if is_named else None

    async def again(self, caller: Caller) -> Caller | None:
        """A caller who was recognised, as the database knows it now; None where the key or its owner is gone.

        Where that is another, nobody begins anything any more as who it was.
        """
        async with self._database.transaction() as c:
            stored = await find_key(c, caller.key_id)
        now = None if stored is None else stored.caller
        if now != caller:
            self.forget()
        return now

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
        if stored is None or not await self._is_right(stored, key, was_right=self._recent.was_right(digest)):
            return None
        async with self._database.transaction() as c:
            await note_first_use(c, key.key_id)
        self._recent.remember(digest, stored.caller)
        return stored.caller

    async def _is_right(self, stored: StoredKey, shown: keys.ApiKey, *, was_right: bool) -> bool:
        """A try counts as failed until it was not: many at once are no more than one after the other."""
        if was_right:
            return await self._hashing.opens(stored.hash, shown.secret)
        tried = Guessed.key(shown.key_id)
        self._guessing.must_not_wait(tried)
        self._guessing.failed(tried)
        is_right = await self._hashing.opens(stored.hash, shown.secret)
        if is_right:
            self._guessing.succeeded(tried)
        return is_right

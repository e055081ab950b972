"""A person's own API keys: made and shown once, listed, revoked."""

from uuid import UUID

from contracts.errors import RejectionCode
from contracts.events.access import KeyRevoked
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.keystore import add_key, random_key, to_places
from services.gateway.adapters.permits import no_access
from services.gateway.domain.keys import KEY_ID_BYTES, ApiKey
from services.gateway.domain.refusals import NotFoundError, key_reused
from services.gateway.domain.rights import Caller, Scope
from services.gateway.resources import CreatedKey, Key, KeyList, NewKey
from services.platform.database import Database, Record, load_queries
from services.platform.process.clock import Clock
from services.platform.process.seams import Seam

_sql = load_queries("services.gateway")


class Keys:
    """Keys."""

    def __init__(self, database: Database, stream: AccessStream, authenticator: Authenticator, clock: Clock) -> None:
        self._database = database
        self._stream = stream
        self._authenticator = authenticator
        self._clock = clock

    async def create(self, intent: Intent, asked: NewKey) -> CreatedKey:
        """A new key of the caller's; asked again with the same intent it is there, and not shown again.

        Raises RefusalError: 403 where it may more than the key that asks for it, 409 where another was asked for.
        Whether it works at more places is asked before (`Permits.keeps_within`).
        """
        _refuse_more(intent.caller, asked)
        key = ApiKey(intent.created_id("key").hex[: 2 * KEY_ID_BYTES], random_key().secret)
        now = self._clock.now()
        async with self._database.transaction(Seam.ACCESS) as c:
            await _sql.lock_stream(c, stream=key.key_id)
            known = await _sql.key(c, key_id=key.key_id)
            if known is not None:
                return CreatedKey(**dict(_the_same(_shown(known), asked)))
            created = await add_key(
                c, intent.caller.user_id, key, frozenset(asked.scopes), now=now, name=asked.name, places=asked.places
            )
            await self._stream.say(c, intent.caller.user_id, [(created, intent.cause)], now=now)
            return CreatedKey(**dict(_shown(await _sql.key(c, key_id=key.key_id))), api_key=key.text())

    async def of(self, user_id: UUID) -> KeyList:
        """A person's keys that open something, newest first."""
        async with self._database.transaction() as c:
            return KeyList(keys=[_shown(row) async for row in _sql.keys_of(c, user_id=user_id)])

    async def find(self, key_id: str) -> Key:
        """The key, also a revoked one. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _sql.key(c, key_id=key_id)
        if row is None:
            raise missing()
        return _shown(row)

    async def revoke(self, intent: Intent, key_id: str) -> None:
        """It opens nothing any more; again is harmless."""
        now = self._clock.now()
        async with self._database.transaction(Seam.ACCESS) as c:
            user_id = await _sql.revoke_key(c, key_id=key_id, now=now)
            if user_id is not None:
                body = KeyRevoked(key_id=key_id, user_id=user_id, revoked_at=now)
                await self._stream.say(c, user_id, [(body, intent.cause)], now=now)
        self._authenticator.forget()


def missing(*, hides: bool = False) -> NotFoundError:
    """The refusal of a key that is not there, or not for the caller to know of."""
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no key with this id", hides=hides)


def _refuse_more(caller: Caller, asked: NewKey) -> None:
    more = frozenset(asked.scopes) - caller.scopes
    if more:
        raise no_access(f"a key makes no key that may more than itself: {', '.join(sorted(more))}")


def _the_same(known: Key, asked: NewKey) -> Key:
    kept = (known.name, set(known.scopes), set(known.places))
    if kept != (asked.name, set(asked.scopes), set(asked.places)):
        raise key_reused()
    return known


def _shown(row: Record) -> Key:
    scopes = [Scope(scope) for scope in row["scopes"]]
    return Key.model_validate({**dict(row), "scopes": scopes, "places": to_places(row["places"])})

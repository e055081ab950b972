"""People and their API keys in the schema `gateway`, the only thing that the gateway itself keeps."""

import secrets
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher

from services.gateway.domain.keys import KEY_ID_BYTES, SECRET_BYTES, ApiKey
from services.gateway.domain.rights import ALL_SCOPES, Scope, StoredKey
from services.platform.database import Connection, load_queries
from services.platform.process.errors import PermanentError
from services.platform.process.ids import NewId

_sql = load_queries("services.gateway")


class AdminExistsError(PermanentError):
    """There is an administrator already; only an administrator makes more keys."""


def random_key() -> ApiKey:
    """A key that nobody can guess."""
    return ApiKey(secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES))


async def find_key(c: Connection, key_id: str) -> StoredKey | None:
    """The key as it is kept, unless there is none or it was revoked."""
    row = await _sql.find_key(c, key_id=key_id)
    if row is None:
        return None
    scopes = frozenset(Scope(scope) for scope in row["scopes"])
    return StoredKey(row["key_id"], row["user_id"], row["user"], row["hash"], scopes)


async def add_first_admin(c: Connection, name: str, key: ApiKey, *, now: datetime, new_id: NewId) -> None:
    """Keep the first administrator with this key. Raises AdminExistsError when there is one."""
    await _sql.lock_people(c)
    if await _sql.has_admin(c):
        raise AdminExistsError("there is an administrator already: ask that person for a key")
    await add_key(c, await _person(c, name, now=now, new_id=new_id), key, ALL_SCOPES, now=now)


async def add_key(c: Connection, user_id: UUID, key: ApiKey, scopes: frozenset[Scope], *, now: datetime) -> None:
    """Keep one more key of a person."""
    await _sql.add_key(
        c,
        key_id=key.key_id,
        user_id=user_id,
        hash=PasswordHasher().hash(key.secret),
        scopes=sorted(scopes),
        created_at=now,
    )


async def _person(c: Connection, name: str, *, now: datetime, new_id: NewId) -> UUID:
    known: UUID | None = await _sql.find_person(c, name=name)
    if known is not None:
        return known
    user_id = new_id()
    await _sql.add_person(c, user_id=user_id, name=name, created_at=now)
    return user_id

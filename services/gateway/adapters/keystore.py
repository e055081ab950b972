"""People's API keys and their rights in the schema `gateway`: found by a key, kept as a hash of its secret part."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from contracts.events.access import AccessGranted, KeyCreated, Place, UserAdded
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.domain.keys import KEY_ID_BYTES, SALT_BYTES, SECRET_BYTES, ApiKey, salted_hash
from services.gateway.domain.rights import ALL_SCOPES, OPERATOR, PLATFORM, Caller, Grant, Scope, StoredKey
from services.platform.database import Connection, load_queries
from services.platform.process.errors import PermanentError
from services.platform.process.ids import NewId

_sql = load_queries("services.gateway")


class AdminExistsError(PermanentError):
    """There is an administrator already; only an administrator makes more keys."""


def random_key() -> ApiKey:
    """A key that nobody can guess."""
    return ApiKey(secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES))


def hash_to_keep(secret: str) -> str:
    """What may be kept of a random secret from now on."""
    return salted_hash(secret, secrets.token_hex(SALT_BYTES))


async def find_key(c: Connection, key_id: str) -> StoredKey | None:
    """The key as it is kept, unless there is none or it was revoked, and what its owner may."""
    row = await _sql.find_key(c, key_id=key_id)
    if row is None:
        return None
    caller = Caller(
        row["user"],
        row["key_id"],
        frozenset(Scope(scope) for scope in row["scopes"]),
        user_id=row["user_id"],
        organisation_id=row["organisation_id"],
        grants=await grants_of(c, row["user_id"]),
        places=frozenset(to_places(row["places"])),
    )
    return StoredKey(row["hash"], caller)


async def note_first_use(c: Connection, key_id: str) -> None:
    """Whoever has the key has used it, whatever becomes of the call; later uses are gathered.

    A first key is shown again until then, so this is written before the call is answered.
    """
    await _sql.note_first_use(c, key_id=key_id)


async def grants_of(c: Connection, user_id: UUID) -> frozenset[Grant]:
    """What a person may, and where."""
    rows = _sql.grants_of(c, user_id=user_id)
    return frozenset({
        Grant(Place(kind=row["kind"], id=row["place_id"]), Scope(row["scope"])) async for row in rows
    })  # fmt: skip


async def add_first_admin(  # noqa: PLR0913 -- who, with which key, when, told where
    c: Connection, name: str, key: ApiKey, *, now: datetime, new_id: NewId, stream: AccessStream
) -> None:
    """Keep the first administrator with this key. Raises AdminExistsError when there is one."""
    await _sql.lock_people(c)
    if await _sql.has_admin(c):
        raise AdminExistsError("there is an administrator already: ask that person for a key")
    user_id = await _person(c, name, now=now, new_id=new_id, stream=stream)
    rights = sorted(ALL_SCOPES)
    await _sql.grant(c, user_id=user_id, kind=PLATFORM.kind, place_id=PLATFORM.id, rights=rights, now=now,
                     granted_by="admin init")  # fmt: skip
    granted = AccessGranted.model_validate({"user_id": user_id, "place": PLATFORM, "rights": rights, "granted_at": now})
    created = await add_key(c, user_id, key, ALL_SCOPES, now=now)
    await stream.say_unasked(c, user_id, [granted, created], now=now)


async def add_key(  # noqa: PLR0913 -- what is kept of a key
    c: Connection,
    user_id: UUID,
    key: ApiKey,
    scopes: frozenset[Scope],
    *,
    now: datetime,
    name: str = "",
    places: Iterable[Place] = (),
) -> KeyCreated:
    """Keep one more key of a person; the event that tells of it."""
    kept = tuple(places)
    await _sql.add_key(
        c,
        key_id=key.key_id,
        user_id=user_id,
        name=name,
        hash=hash_to_keep(key.secret),
        scopes=sorted(scopes),
        places=[f"{place.kind}/{place.id}" for place in kept],
        created_at=now,
    )
    told = {"key_id": key.key_id, "user_id": user_id, "name": name, "places": kept, "created_at": now}
    return KeyCreated.model_validate({**told, "scopes": sorted(scopes)})


def to_places(kept: Iterable[str]) -> list[Place]:
    """Places as they are kept with a key."""
    return [Place.model_validate(dict(zip(("kind", "id"), text.split("/"), strict=True))) for text in kept]


async def _person(c: Connection, name: str, *, now: datetime, new_id: NewId, stream: AccessStream) -> UUID:
    known = await _sql.person_named(c, name=name)
    user_id: UUID = new_id() if known is None else known["user_id"]
    if known is not None:
        return user_id
    await _sql.add_user(c, user_id=user_id, name=name, organisation_id=OPERATOR, now=now)
    added = UserAdded(user_id=user_id, name=name, organisation_id=OPERATOR, added_at=now)
    await stream.say_unasked(c, user_id, [added], now=now)
    return user_id

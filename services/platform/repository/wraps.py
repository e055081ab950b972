"""Where an environment's data keys lie: wrapped by the master key, and by a recovery key that is kept offline.

They lie in a store of their own if one is given, since a bucket that keeps old versions keeps destroyed keys.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_bytes
from typing import Annotated, Final, Literal, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field, StringConstraints, ValidationError

from contracts.values import Value
from services.platform.objectstore import AlreadyExistsError, ObjectNotFoundError, ObjectStore
from services.platform.process.together import together
from services.platform.repository.errors import RepositoryKeyError, WrapDamagedError
from services.platform.repository.keyring import KEY_BYTES, KeyRing, derived
from services.platform.repository.layout import KEYS, key_prefix

NONCE_BYTES: Final = 12
MOST_VERIFIED: Final = 1000
"""Wraps that a service looks at when it starts."""
VERIFIED_AT_ONCE: Final = 20
"""A service that starts does not wait for them one by one."""
_Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})+$")]


class Wrap(Value):
    """One data key, wrapped. `master_id` tells a wrong master key from damaged bytes; it is no secret."""

    format: Literal["nightkeep-key"] = "nightkeep-key"
    version: Literal[2] = 2
    environment_id: UUID
    number: Annotated[int, Field(ge=0)]
    master_id: _Hex
    by_master: _Hex
    by_recovery: _Hex | None


def master_id(master: bytes) -> str:
    """What a master key is told by."""
    return derived(master, salt=b"", purpose="master id")[:8].hex()


def wrapped(master: bytes, recovery: bytes | None, environment_id: UUID, number: int, key: bytes) -> Wrap:
    """A data key under the master key, and under the recovery key's public half."""
    bound = _bound_to(environment_id, number)
    nonce = token_bytes(NONCE_BYTES)
    by_master = nonce + AESGCM(_wrapping_key(master, environment_id)).encrypt(nonce, key, bound)
    return Wrap(
        environment_id=environment_id,
        number=number,
        master_id=master_id(master),
        by_master=by_master.hex(),
        by_recovery=_for_recovery(recovery, key, bound).hex() if recovery else None,
    )


def unwrapped(master: bytes, wrap: Wrap) -> bytes:
    """The data key. Raises RepositoryKeyError."""
    _refuse_another(master, wrap)
    return _decrypted(_wrapping_key(master, wrap.environment_id), bytes.fromhex(wrap.by_master), wrap)


def _refuse_another(master: bytes, wrap: Wrap) -> None:
    if wrap.master_id != master_id(master):
        raise RepositoryKeyError(
            f"the data keys are wrapped by the master key {wrap.master_id}, ours is {master_id(master)}: "
            "use the repository key that its backups were made with"
        )


def recovered(private: bytes, wrap: Wrap) -> bytes:
    """The data key, by the recovery key's private half. Raises RepositoryKeyError."""
    if wrap.by_recovery is None:
        raise RepositoryKeyError("this data key was wrapped before there was a recovery key")
    sealed = bytes.fromhex(wrap.by_recovery)
    try:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    except ValueError as error:
        raise RepositoryKeyError("this is no recovery key, or the wrap is damaged") from error
    return _decrypted(derived(shared, salt=sealed[:32], purpose="recovery"), sealed[32:], wrap)


def _for_recovery(public: bytes, key: bytes, bound: bytes) -> bytes:
    """A key agreed upon with a fresh pair encrypts; only the private half of `public` finds it again."""
    pair = X25519PrivateKey.generate()
    ours = pair.public_key().public_bytes_raw()
    shared = pair.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = token_bytes(NONCE_BYTES)
    return ours + nonce + AESGCM(derived(shared, salt=ours, purpose="recovery")).encrypt(nonce, key, bound)


def _decrypted(key: bytes, sealed: bytes, wrap: Wrap) -> bytes:
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, _bound_to(wrap.environment_id, wrap.number))
    except (InvalidTag, ValueError) as error:
        raise RepositoryKeyError(
            f"the data key {wrap.number} of the environment {wrap.environment_id} cannot be unwrapped: it is damaged"
        ) from error


def _wrapping_key(master: bytes, environment_id: UUID) -> bytes:
    return derived(master, salt=environment_id.bytes, purpose="wrap")


def _bound_to(environment_id: UUID, number: int) -> bytes:
    return b"nightkeep v2 data key" + environment_id.bytes + number.to_bytes(2, "big")


class DataKeys(Protocol):
    """Where a repository has its data keys from."""

    async def ring(self, environment_id: UUID) -> KeyRing | None:
        """An environment's keys; None before the first. Raises RepositoryKeyError."""
        ...

    async def add(self, environment_id: UUID) -> None:
        """Make the next one. Raises RepositoryKeyError where nothing may be written."""
        ...


class Wraps:
    """The wrapped data keys of all environments."""

    def __init__(self, store: ObjectStore, master: bytes, recovery: bytes | None = None) -> None:
        self.master: Final = master
        self._store = store
        self._recovery = recovery

    async def ring(self, environment_id: UUID) -> KeyRing | None:
        """An environment's keys; None before the first. Raises RepositoryKeyError."""
        wraps = await wraps_of(self._store, environment_id)
        return KeyRing(environment_id, tuple(unwrapped(self.master, wrap) for wrap in wraps)) if wraps else None

    async def verify(self) -> None:
        """Raises RepositoryKeyError when keys that are there are wrapped by another master key, and be it some of them.

        Those are what a rewrap that was broken off has left. A damaged one is told where its environment is opened.
        Of more than MOST_VERIFIED the first are looked at.
        """
        keys, room = list[str](), asyncio.Semaphore(VERIFIED_AT_ONCE)
        async for info in self._store.list(KEYS):
            keys.append(info.key)
            if len(keys) == MOST_VERIFIED:
                break
        async with together() as group:
            for key in keys:
                group.create_task(self._verify(key, room))

    async def _verify(self, key: str, room: asyncio.Semaphore) -> None:
        async with room:
            stored = await self._store.get(key)
        with suppress(WrapDamagedError):
            _refuse_another(self.master, _parsed(key, stored))

    async def add(self, environment_id: UUID) -> None:
        """Write under a new data key from now on; what lies under earlier ones stays readable."""
        await self._add(environment_id, len(await wraps_of(self._store, environment_id)))

    async def rewrap(self, environment_id: UUID, old_master: bytes) -> None:
        """Wrap the same keys by another master key, and by the recovery key if there is one; else that wrap stays.

        Nothing else is written anew; again is harmless. Raises RepositoryKeyError for keys of neither master key.
        """
        for wrap in await wraps_of(self._store, environment_id):
            if wrap.master_id == master_id(old_master):
                again = self._again(wrap, unwrapped(old_master, wrap))
                await self._store.put(_key(environment_id, wrap.number), _as_bytes(again))
            else:
                unwrapped(self.master, wrap)

    def _again(self, wrap: Wrap, key: bytes) -> Wrap:
        again = wrapped(self.master, self._recovery, wrap.environment_id, wrap.number, key)
        return again if self._recovery else again.model_copy(update={"by_recovery": wrap.by_recovery})

    async def _add(self, environment_id: UUID, number: int) -> None:
        wrap = wrapped(self.master, self._recovery, environment_id, number, token_bytes(KEY_BYTES))
        with suppress(AlreadyExistsError):  # another process was first: its key is the one
            await self._store.put(_key(environment_id, number), _as_bytes(wrap), only_if_absent=True)


async def wraps_of(store: ObjectStore, environment_id: UUID) -> Sequence[Wrap]:
    """An environment's wrapped keys in order. Raises RepositoryKeyError."""
    wraps = list[Wrap]()
    while (wrap := await _wrap(store, environment_id, len(wraps))) is not None:
        wraps.append(wrap)
    return wraps


async def _wrap(store: ObjectStore, environment_id: UUID, number: int) -> Wrap | None:
    key = _key(environment_id, number)
    try:
        wrap = _parsed(key, await store.get(key))
    except ObjectNotFoundError:
        return None
    if (wrap.environment_id, wrap.number) != (environment_id, number):
        raise RepositoryKeyError(f"the wrapped key {key} is another one's")
    return wrap


def _key(environment_id: UUID, number: int) -> str:
    return f"{key_prefix(environment_id)}{number}"


def _parsed(key: str, stored: bytes) -> Wrap:
    try:
        return Wrap.model_validate_json(stored)
    except ValidationError as error:
        raise WrapDamagedError(f"the wrapped key {key} is damaged, or of a newer release") from error


def _as_bytes(wrap: Wrap) -> bytes:
    return json.dumps(wrap.model_dump(mode="json"), indent=1).encode()

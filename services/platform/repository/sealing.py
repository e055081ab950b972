"""Whole objects under encryption: manifests, indexes and rewritten chains (contracts/FORMAT.md, "Sealed objects")."""

from enum import Enum
from struct import Struct
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.platform.repository.compression import MAX_OBJECT_BYTES, compress, decompress
from services.platform.repository.errors import NewerSealError, SealBrokenError
from services.platform.repository.keyring import KeyRing

MAGIC: Final = b"NKSO"
VERSION: Final = 2
_HEADER: Final = Struct(">4sBBH16s")
_NONCE: Final = bytes(12)
"""A fixed one: every object has a key of its own, derived with its random salt."""


class Sealed(Enum):
    """What an object is; one kind never passes for another."""

    MANIFEST = 1
    INDEX = 2
    CHAIN = 3


def is_sealed(stored: bytes) -> bool:
    """Whether these bytes begin like a sealed object, of whatever version."""
    return stored.startswith(MAGIC)


def key_number_of(stored: bytes) -> int:
    """Which data key a sealed object says that it is under. Raises SealBrokenError for one that is cut short."""
    if len(stored) < _HEADER.size:
        raise SealBrokenError("it is cut short")
    return int(_HEADER.unpack_from(stored)[3])


def seal(ring: KeyRing, kind: Sealed, name: str, data: bytes, salt: UUID) -> bytes:
    """The bytes to store under `name`; `salt` is random and never used again."""
    header = _HEADER.pack(MAGIC, VERSION, kind.value, ring.newest, salt.bytes)
    key = ring.one_time(ring.newest, kind.name.lower(), salt.bytes)
    return header + AESGCM(key).encrypt(_NONCE, compress(data), _bound_to(ring, header, name))


def unseal(ring: KeyRing, kind: Sealed, name: str, stored: bytes) -> bytes:
    """What was sealed. Raises SealBrokenError for damaged and foreign objects, and for one in a wrong place.

    Raises NewerSealError, and what `KeyRing.one_time` does.
    """
    if len(stored) < _HEADER.size:
        raise SealBrokenError(f"{name} is cut short")
    magic, version, found, number, salt = _HEADER.unpack_from(stored)
    if magic != MAGIC:
        raise SealBrokenError(f"{name} is no sealed object")
    if version != VERSION:
        raise NewerSealError(f"{name} has version {version}, this release reads version {VERSION}: upgrade it")
    if found != kind.value:
        raise SealBrokenError(f"{name} is of another kind than its place says")
    header, sealed = stored[: _HEADER.size], stored[_HEADER.size :]
    try:
        key = ring.one_time(number, kind.name.lower(), salt)
        data = AESGCM(key).decrypt(_NONCE, sealed, _bound_to(ring, header, name))
    except InvalidTag as error:
        raise SealBrokenError(f"{name} is damaged, or lies where it does not belong") from error
    return decompress(data, MAX_OBJECT_BYTES)


def _bound_to(ring: KeyRing, header: bytes, name: str) -> bytes:
    return header + ring.environment_id.bytes + name.encode()

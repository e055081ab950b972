"""Parts of parcels under encryption (contracts/FORMAT.md, "Parcels"): never in the clear outside a process."""

from struct import Struct
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.platform.parcels.errors import ParcelBrokenError
from services.platform.repository.keyring import KeyRing

MAGIC: Final = b"NKPP"
VERSION: Final = 1
PURPOSE: Final = "parcel"
_HEADER: Final = Struct(">4sBxH16s")
_NONCE: Final = bytes(12)
"""A fixed one: every part has a key of its own, derived with its random salt."""


def sealed(ring: KeyRing, key: str, data: bytes, salt: UUID) -> bytes:
    """The bytes to store under the key `key`; `salt` is random and never used again."""
    header = _HEADER.pack(MAGIC, VERSION, ring.newest, salt.bytes)
    once = ring.one_time(ring.newest, PURPOSE, salt.bytes)
    return header + AESGCM(once).encrypt(_NONCE, data, _bound_to(ring, header, key))


def unsealed(ring: KeyRing, key: str, stored: bytes) -> bytes:
    """What was sealed. Raises ParcelBrokenError."""
    if len(stored) < _HEADER.size:
        raise ParcelBrokenError(f"{key} is cut short")
    header, data = stored[: _HEADER.size], stored[_HEADER.size :]
    magic, version, number, salt = _HEADER.unpack(header)
    if (magic, version) != (MAGIC, VERSION):
        raise ParcelBrokenError(f"{key} is no part of a parcel that this release reads")
    try:
        return AESGCM(ring.one_time(number, PURPOSE, salt)).decrypt(_NONCE, data, _bound_to(ring, header, key))
    except InvalidTag as error:
        raise ParcelBrokenError(f"{key} is damaged, or lies where it does not belong") from error


def _bound_to(ring: KeyRing, header: bytes, key: str) -> bytes:
    return header + ring.environment_id.bytes + key.encode()

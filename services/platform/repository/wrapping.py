"""A data key under the master key, and under a recovery key that is kept offline (contracts/FORMAT.md, "Keys")."""

from secrets import token_bytes
from typing import Annotated, Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AwareDatetime, Field, StringConstraints

from contracts.values import Value
from services.platform.repository.errors import RepositoryKeyError, WrapDamagedError
from services.platform.repository.keyring import derived
from services.platform.repository.layout import key_prefix

NONCE_BYTES: Final = 12
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


class DestroyedKey(Value):
    """What stands in a wrap's place once its data key was destroyed; its number is never used again."""

    format: Literal["nightkeep-key-destroyed"] = "nightkeep-key-destroyed"
    version: Literal[2] = 2
    environment_id: UUID
    number: Annotated[int, Field(ge=0)]
    destroyed_at: AwareDatetime


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
    refuse_another(master, wrap)
    try:
        return _decrypted(_wrapping_key(master, wrap.environment_id), bytes.fromhex(wrap.by_master), wrap)
    except RepositoryKeyError as error:
        raise WrapDamagedError(f"{key_prefix(wrap.environment_id)}{wrap.number}", "is damaged") from error


def refuse_another(master: bytes, wrap: Wrap) -> None:
    """Raises RepositoryKeyError for a wrap of another master key."""
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

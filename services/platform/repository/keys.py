"""Reads the keys that people keep, and derives what the first format has of them (contracts/FORMAT.md, "Versions")."""

import hashlib
import hmac
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from services.platform.repository.errors import RepositoryKeyError

KEY_BYTES: Final = 32
_HASH_BYTES: Final = hashlib.sha256().digest_size
_KEY_ID_BYTES: Final = 8


@dataclass(frozen=True, repr=False)
class EnvironmentKeys:
    """What the first format names and seals an environment's contents and manifests by; `key_id` is no secret."""

    content: bytes
    manifest: bytes
    key_id: str


def read_key_file(path: Path) -> bytes:
    """The 32 bytes that `path` holds in hexadecimal. Raises RepositoryKeyError, which says what to do."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise RepositoryKeyError(f"the repository's key file {path} cannot be read: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise RepositoryKeyError(f"the repository's key file {path} has mode {stat.S_IMODE(mode):04o}: make it 0600")
    return key_in(text, f"the repository's key file {path}")


def read_public_key(path: Path) -> bytes:
    """The public half of the recovery key, which anybody may read. Raises RepositoryKeyError."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise RepositoryKeyError(f"the recovery key's file {path} cannot be read: {error.strerror}") from error
    return key_in(text, f"the recovery key's file {path}")


def key_in(text: str, what: str) -> bytes:
    """The 32 bytes that a text is of, which `what` names. Raises RepositoryKeyError, which does not repeat it."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise RepositoryKeyError(f"{what} must hold {KEY_BYTES} bytes in hexadecimal")
    return key


def environment_keys(master: bytes, environment_id: UUID) -> EnvironmentKeys:
    """Derive what the first format has: the same keys always, and nothing about another environment's."""
    secret = _extract(salt=environment_id.bytes, secret=master)
    return EnvironmentKeys(
        content=expand(secret, b"nightkeep v1 content", KEY_BYTES),
        manifest=expand(secret, b"nightkeep v1 manifest", KEY_BYTES),
        key_id=expand(secret, b"nightkeep v1 key id", _KEY_ID_BYTES).hex(),
    )


def _extract(*, salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract with SHA-256 (RFC 5869 §2.2)."""
    return hmac.digest(salt, secret, "sha256")


def expand(secret: bytes, info: bytes, size_bytes: int) -> bytes:
    """HKDF-Expand with SHA-256, at most one block (RFC 5869 §2.3)."""
    if size_bytes > _HASH_BYTES:
        raise ValueError("one block is all that is needed here")
    return hmac.digest(secret, info + b"\x01", "sha256")[:size_bytes]

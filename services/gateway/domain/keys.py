"""How API keys and invitations read: `nk_<id>_<secret>` and `ni_…`; the id finds the salted hash of the secret."""

import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final, NamedTuple

PREFIX: Final = "nk"
INVITATION_PREFIX: Final = "ni"
KEY_ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
"""256 bits: nobody guesses it, however fast the hash."""

SALT_BYTES: Final = 16
_KEPT: Final = "$hmac-sha256$"

_PARTS: Final = re.compile(r"(n[ki])_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class ApiKey(NamedTuple):
    """A key in the clear; it exists only in its owner's hands and for the moment of a check."""

    key_id: str
    secret: str

    def text(self) -> str:
        """As it is shown once."""
        return f"{PREFIX}_{self.key_id}_{self.secret}"

    def invitation_text(self) -> str:
        """The same as the token of an invitation."""
        return f"{INVITATION_PREFIX}_{self.key_id}_{self.secret}"


def parse(text: str) -> ApiKey | None:
    """The parts of a presented key; None when it cannot be one."""
    return _parts(PREFIX, text)


def parse_invitation(text: str) -> ApiKey | None:
    """The parts of a presented invitation; None when it cannot be one."""
    return _parts(INVITATION_PREFIX, text)


def salted_hash(secret: str, salt: str) -> str:
    """What is kept of a random secret: salted, as spec/backups-api-v2.md wants it; 256 bits need no slow hash."""
    return f"{_KEPT}{salt}${hmac.digest(salt.encode(), secret.encode(), 'sha256').hex()}"


def is_quick(kept: str) -> bool:
    """Whether it was kept so; of keys and invitations of earlier releases there is an argon2 hash."""
    return kept.startswith(_KEPT)


def is_of(kept: str, shown: str) -> bool:
    """Whether what is kept in the quick way is of the secret that was shown."""
    salt, _, _ = kept.removeprefix(_KEPT).partition("$")
    return hmac.compare_digest(kept.encode(), salted_hash(shown, salt).encode())


def secret_of_first_keys(link_key: bytes) -> bytes:
    """What first keys follow from: derived from the one secret that all gateways share, and of no use for links."""
    return hmac.digest(link_key, b"first keys", "sha256")


def first_key(invitation: ApiKey, idempotency_key: str, secret: bytes) -> ApiKey:
    """The key that this invitation gives whoever accepts it under this idempotency key: always the same.

    `secret` is that of `secret_of_first_keys`: nobody but the gateway can tell the key from the other two.
    """

    def drawn(what: str) -> bytes:
        told = f"{what}\n{invitation.key_id}\n{invitation.secret}\n{idempotency_key}"
        return hmac.digest(secret, told.encode(), "sha256")

    key_id = drawn("id of a first key")[:KEY_ID_BYTES].hex()
    return ApiKey(key_id, urlsafe_b64encode(drawn("first key")).decode().rstrip("="))


def _parts(prefix: str, text: str) -> ApiKey | None:
    found = _PARTS.fullmatch(text)
    return ApiKey(found[2], found[3]) if found is not None and found[1] == prefix else None

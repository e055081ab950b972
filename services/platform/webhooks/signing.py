"""Signatures of webhook calls, as the Standard Webhooks conventions have them (standardwebhooks.com, version 1).

Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256; the key is what follows `whsec_` in the secret,
read as base64. A receiver compares `webhook-signature`, and refuses a `webhook-timestamp` that is minutes old.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""Of a secret that is made here: as long as the hash that it keys."""
SHORTEST_BYTES: Final = 24
LONGEST_BYTES: Final = 64
"""What the conventions allow."""
ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"


class NoSigningSecretError(ValueError):
    """A text that cannot be a signing secret; the text itself is never repeated."""


def to_secret(key: bytes) -> str:
    """The secret whose key these bytes are."""
    return PREFIX + base64.b64encode(key).decode()


def to_key(secret: str) -> bytes:
    """The bytes that sign. Raises NoSigningSecretError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_BYTES <= len(key) <= LONGEST_BYTES:
        raise NoSigningSecretError(
            f"a signing secret is `{PREFIX}` and base64 of {SHORTEST_BYTES} to {LONGEST_BYTES} bytes"
        )
    return key


def signed_headers(secret: str, message_id: str, timestamp_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers that let a receiver check who calls, what and when. Raises NoSigningSecretError."""
    signed = f"{message_id}.{timestamp_seconds}.".encode() + body
    digest = hmac.new(to_key(secret), signed, hashlib.sha256).digest()
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp_seconds),
        SIGNATURE_HEADER: f"v1,{base64.b64encode(digest).decode()}",
    }

"""Browser sessions: what their cookie holds, under which hash they are kept, and the token against forged requests."""

import hashlib
import hmac
from typing import Final

COOKIE: Final = "__Host-nightkeep"
"""The prefix has browsers take it only over TLS (or from this very machine), for this host alone."""
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_REFUSED: Final = f"send {CSRF_HEADER} as GET /api/v1/session tells it"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that a foreign page gains nothing by sending them."""
SECRET_BYTES: Final = 32
_ID_CHARACTERS: Final = 12


def kept_as(secret: str) -> bytes:
    """What a session is found by; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def session_id(secret: str) -> str:
    """How a session is named on the log: of no use to anybody."""
    return hashlib.sha256(b"id\0" + secret.encode()).hexdigest()[:_ID_CHARACTERS]


def csrf_token(secret: str) -> str:
    """What a page sends along with whatever changes something; a foreign page cannot know it."""
    return hmac.digest(secret.encode(), b"csrf", "sha256").hex()


def is_csrf_token(shown: str, secret: str) -> bool:
    """Takes as long for a token that is nearly right."""
    return hmac.compare_digest(shown.encode(errors="replace"), csrf_token(secret).encode())

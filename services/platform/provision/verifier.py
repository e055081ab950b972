"""A password as PostgreSQL keeps it, so that the password itself travels in no statement and stands in no log."""

import base64
import hashlib
import hmac
from typing import Final

ITERATIONS: Final = 4096
"""PostgreSQL's own default; the passwords here are long and random."""


def scram_verifier(password: str, salt: bytes) -> str:
    """The SCRAM-SHA-256 verifier of an ASCII password (RFC 5803), as ALTER ROLE … PASSWORD takes it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(_keyed(salted, b'Server Key'))}"


def _keyed(key: bytes, what: bytes) -> bytes:
    return hmac.digest(key, what, "sha256")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

"""A role's password: whether it is the one that we know, and the statement that makes it so without telling it."""

import hashlib
import hmac
import os
import unicodedata
from base64 import b64encode
from typing import Final

from services.platform.connectors.database.access import DatabaseAccess, Login
from services.platform.connectors.database.connection import connected
from services.platform.connectors.database.errors import AuthenticationError
from services.platform.connectors.database.quoting import identifier, literal
from services.platform.process.errors import NightkeepError

ITERATIONS: Final = 4096
"""As PostgreSQL does it."""
SALT_BYTES: Final = 16


async def lets_in(access: DatabaseAccess) -> bool:
    """Whether the server takes the environment's role; what stands in the way behind that is no matter of passwords."""
    try:
        async with connected(access, access.role, access.database):
            return True
    except AuthenticationError:
        return False
    except NightkeepError:
        return True


def changing(login: Login) -> str:
    """The statement that gives a role its password again, which no log of the server then holds."""
    return f"ALTER ROLE {identifier(login.user)} PASSWORD {literal(_verifier(login.password.get_secret_value()))}"


def _verifier(password: str) -> str:
    """What a server keeps of a password (RFC 5802, RFC 7677)."""
    salt, text = os.urandom(SALT_BYTES), unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", text, salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    keys = ":".join(b64encode(key).decode() for key in (stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{b64encode(salt).decode()}${keys}"

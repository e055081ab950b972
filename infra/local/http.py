"""Ask our own processes on loopback whether they answer: no proxy between, and no certificate to verify."""

import ssl
from typing import Final

import httpx

ANSWER_SECONDS: Final = 2.0


def _unverified() -> ssl.SSLContext:
    """Trust anybody: it is our own child, and loading all certificates costs more than the question."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


UNVERIFIED: Final = _unverified()


def unverified_client() -> httpx.Client:
    """Return a client for such questions."""
    return httpx.Client(timeout=ANSWER_SECONDS, trust_env=False, verify=UNVERIFIED)

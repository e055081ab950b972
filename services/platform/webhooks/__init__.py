"""Signed calls to other people's servers: alerts reach their receivers so, and a platform is asked by its hook."""

from services.platform.webhooks.receivers import Answer, Receivers
from services.platform.webhooks.signing import signed_headers
from services.platform.webhooks.signing_secrets import SigningSecrets

__all__ = ["Answer", "Receivers", "SigningSecrets", "signed_headers"]

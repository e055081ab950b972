"""The secrets that webhook calls are signed with: made here, or named and read where they are used."""

import secrets

from contracts.values import SECRET_PREFIX
from services.platform.process.errors import PermanentError
from services.platform.process.secrets import SecretDirectory
from services.platform.webhooks import signing


class SigningSecrets:
    """`directory` is where `secret:<name>` is looked up; None: this service has no such place."""

    def __init__(self, directory: SecretDirectory | None) -> None:
        self._directory = directory

    def made(self) -> str:
        """A new one that nobody can guess."""
        return signing.to_secret(secrets.token_bytes(signing.SECRET_BYTES))

    def of(self, kept: str) -> str:
        """The secret behind what a webhook has. Raises PermanentError when there is none that could sign."""
        if not kept.startswith(SECRET_PREFIX):
            return kept
        if self._directory is None:
            raise PermanentError("this service has no directory of secrets: set NIGHTKEEP_SECRETS_DIRECTORY")
        secret = self._directory.resolve(kept).get_secret_value()
        try:
            signing.to_key(secret)
        except signing.NoSigningSecretError as error:
            raise PermanentError(f"{kept}: {error}") from None
        return secret

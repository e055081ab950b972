"""What the gateway needs: Kafka, PostgreSQL, the repository that it reads, and where to listen."""

from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.platform.process.settings import (
    PREFIX,
    PostgresSettings,
    RepositorySettings,
    S3Settings,
    Settings,
    WorkerSettings,
)

SERVICE: Final = "gateway"


class GatewayServiceSettings(Settings):
    """The settings of all services; the gateway's own are in the groups `gateway` and `webhooks`.

    Secrets are looked up only where webhooks name one.
    """

    s3: S3Settings
    repository: RepositorySettings

    @property
    def delivering(self) -> WorkerSettings:
        """How messages are sent: an environment's alerts do not wait for each other, only a receiver is spared."""
        shared = {name: value for name, value in self.webhooks if name in WorkerSettings.model_fields}
        return WorkerSettings(**shared, per_environment=self.webhooks.capacity)

    @property
    def archiving(self) -> WorkerSettings:
        """How archives are made: an environment's messages to receivers do not hold them up."""
        return self.worker.model_copy(update={"per_environment": self.worker.capacity + self.webhooks.capacity})


class FirstAdminSettings(BaseSettings):
    """Only what `nightkeep admin init` needs: the gateway's access to PostgreSQL."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    postgres: PostgresSettings

"""What the gateway needs: Kafka, PostgreSQL and where to listen; secrets only where webhooks name one."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.platform.process.settings import PREFIX, PostgresSettings, Settings, WorkerSettings


class GatewayServiceSettings(Settings):
    """The settings of all services; the gateway's own are in the groups `gateway` and `webhooks`."""

    @property
    def delivering(self) -> WorkerSettings:
        """How messages are sent: an environment's alerts do not wait for each other, only a receiver is spared."""
        shared = {name: value for name, value in self.webhooks if name in WorkerSettings.model_fields}
        return WorkerSettings(**shared, per_environment=self.webhooks.capacity)


class FirstAdminSettings(BaseSettings):
    """Only what `nightkeep admin init` needs: the gateway's access to PostgreSQL."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    postgres: PostgresSettings

"""What the gateway needs: Kafka, PostgreSQL and where to listen; it reads no store and keeps no secret."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.platform.process.settings import PREFIX, PostgresSettings, Settings


class GatewayServiceSettings(Settings):
    """The settings of all services; the gateway's own are in the group `gateway`."""


class FirstAdminSettings(BaseSettings):
    """Only what `nightkeep admin init` needs: the gateway's access to PostgreSQL."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    postgres: PostgresSettings

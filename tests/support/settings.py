"""Where tests find their servers: named by settings, else started here, else from containers."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings


class EngineSettings(BaseSettings):
    """`NIGHTKEEP_TEST_KAFKA__BOOTSTRAP_SERVERS` and so on name a server; one that is named is not started.

    `postgres` and `postgres17_tls` name a superuser. `engines` says where what is not named comes from.
    """

    model_config = SettingsConfigDict(env_prefix="NIGHTKEEP_TEST_", env_nested_delimiter="__", frozen=True)

    kafka: KafkaSettings | None = None
    postgres: PostgresSettings | None = None
    postgres17_tls: PostgresSettings | None = None
    s3: S3Settings | None = None
    template_is_made: bool = False
    """Whoever started `postgres` for many has called `make_template`, and nobody may again."""
    engines: Literal["local", "containers"] = "local"

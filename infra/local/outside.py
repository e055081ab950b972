"""What a person's settings name instead of our own engines; nothing is started for what is named."""

import os
from collections.abc import Mapping

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.local.errors import StackError
from services.platform.process.settings import PREFIX, KafkaSettings, PostgresSettings, S3Settings, unknown_settings


class Outside(BaseSettings):
    """The same settings as the services': `postgres` is somebody who may create roles and databases."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    kafka: KafkaSettings | None = None
    postgres: PostgresSettings | None = None
    s3: S3Settings | None = None

    @property
    def named(self) -> list[str]:
        """What is outside."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]


def read_outside() -> Outside:
    """Read the environment. Raises `StackError` that names what is wrong, and no value."""
    if unknown := unknown_settings(os.environ):
        raise StackError(unknown)
    try:
        return Outside()
    except ValidationError as error:
        wrong = [
            PREFIX + "__".join(str(part) for part in detail["loc"]).upper() + ": " + detail["msg"]
            for detail in error.errors(include_input=False, include_url=False)
        ]
        raise StackError("; ".join(wrong)) from None


def as_environment(group: str, settings: KafkaSettings | PostgresSettings | S3Settings) -> dict[str, str]:
    """Return the settings as a service reads them: `NIGHTKEEP_<GROUP>__<KEY>`."""
    said = settings.model_dump(exclude_none=True)
    return {f"{PREFIX}{group}__{key}".upper(): _text(value) for key, value in said.items()}


def revealed(settings: KafkaSettings | PostgresSettings | S3Settings) -> Mapping[str, object]:
    """Return the settings with their secrets as text, for a file of mode 0600."""
    said = settings.model_dump(exclude_none=True)
    return {key: value if isinstance(value, int) else _text(value) for key, value in said.items()}


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

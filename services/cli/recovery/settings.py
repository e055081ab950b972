"""What a person need not type: the services' own settings where they are set, else the local stack."""

import json
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.local import local_connection
from services.cli.recovery.place import Place, PlaceError
from services.platform.process.reading import read_settings
from services.platform.process.settings import PREFIX, RepositorySettings, S3Settings
from services.platform.repository.keys import read_public_key


class RecoverySettings(BaseSettings):
    """Of the settings of a service, those that lead to its repository."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    s3: S3Settings | None = None
    wraps: S3Settings | None = None
    repository: RepositorySettings | None = None


def place_from(directory: Path | None, master_key: Path | None, recovery_key: Path | None) -> Place:
    """The place that options, settings and the local stack tell of. Raises PlaceError, SettingsError."""
    settings = read_settings(RecoverySettings)
    store = directory or settings.s3 or _local_bucket()
    if store is None:
        raise PlaceError("where is the repository? Give --directory, or a bucket by NIGHTKEEP_S3__BUCKET and others")
    if master_key and recovery_key:
        raise PlaceError("--master-key and --recovery-key say two things: give one of them")
    key = recovery_key or master_key or settings.repository or _local_key(settings, directory)
    if key is None:
        raise PlaceError("which key opens it? Give --master-key or --recovery-key, a file of mode 0600")
    return Place(store, settings.wraps, key, is_recovery_key=recovery_key is not None)


def recovery_public_key() -> bytes | None:
    """The recovery key's public half that the settings name. Raises RepositoryKeyError, SettingsError."""
    settings = read_settings(RecoverySettings).repository
    return read_public_key(settings.recovery_key_file) if settings and settings.recovery_key_file else None


def _local_key(settings: RecoverySettings, directory: Path | None) -> Path | None:
    """The local stack's is for its own bucket alone."""
    return None if directory or settings.s3 else local_connection().repository_key_file


def _local_bucket() -> S3Settings | None:
    connections = local_connection().connections_file
    if connections is None:
        return None
    return S3Settings.model_validate(json.loads(connections.read_text(encoding="utf-8"))["s3"])

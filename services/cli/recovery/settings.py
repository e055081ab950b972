"""What a person need not type: the services' own settings where they are set, else the local stack."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.local import local_connection
from services.cli.recovery.place import Place, PlaceError
from services.platform.process.reading import read_settings
from services.platform.process.settings import PREFIX, NoneIfEmpty, RepositorySettings, S3Settings
from services.platform.repository.keys import read_public_key


class _SomeSettings(BaseSettings):
    """Of the settings of a service, some; the others are none of this command's business."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="ignore", hide_input_in_errors=True
    )


class RecoverySettings(_SomeSettings):
    """Those that lead to the repository."""

    s3: S3Settings | None = None
    wraps: S3Settings | None = None


class MasterKeySettings(_SomeSettings):
    """Those that lead to its master key; read where no option names a key."""

    repository: RepositorySettings | None = None


class RecoveryKey(BaseModel):
    """The public half by itself: the master key may be an option."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    recovery_key_file: Annotated[Path | None, NoneIfEmpty] = None


class RecoveryKeySettings(_SomeSettings):
    """Those that lead to the recovery key."""

    repository: RecoveryKey = RecoveryKey()


def place_from(directory: Path | None, master_key: Path | None, recovery_key: Path | None) -> Place:
    """The place that options, settings and the local stack tell of. Raises PlaceError, SettingsError."""
    settings = read_settings(RecoverySettings)
    store = directory or settings.s3 or _local_bucket()
    if store is None:
        raise PlaceError("where is the repository? Give --directory, or a bucket by NIGHTKEEP_S3__BUCKET and others")
    if master_key and recovery_key:
        raise PlaceError("--master-key and --recovery-key say two things: give one of them")
    key = recovery_key or master_key or read_settings(MasterKeySettings).repository or _local_key(settings, directory)
    if key is None:
        raise PlaceError("which key opens it? Give --master-key or --recovery-key, a file of mode 0600")
    return Place(store, settings.wraps, key, is_recovery_key=recovery_key is not None)


def recovery_public_key() -> bytes | None:
    """The recovery key's public half that the settings name. Raises RepositoryKeyError, SettingsError."""
    file = read_settings(RecoveryKeySettings).repository.recovery_key_file
    return read_public_key(file) if file else None


def _local_key(settings: RecoverySettings, directory: Path | None) -> Path | None:
    """The local stack's is for its own bucket alone."""
    return None if directory or settings.s3 else local_connection().repository_key_file


def _local_bucket() -> S3Settings | None:
    connections = local_connection().connections_file
    if connections is None:
        return None
    return S3Settings.model_validate(json.loads(connections.read_text(encoding="utf-8"))["s3"])

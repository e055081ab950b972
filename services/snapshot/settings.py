"""What the snapshot service needs to be told."""

from pathlib import Path

from services.platform.process.settings import RepositorySettings, S3Settings, Settings


class SnapshotSettings(Settings):
    """The common settings, and those without which no backup can be taken."""

    s3: S3Settings
    repository: RepositorySettings
    secrets_directory: Path

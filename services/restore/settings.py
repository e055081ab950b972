"""What the restore service cannot work without."""

from pathlib import Path

from services.platform.process.settings import RepositorySettings, S3Settings, Settings


class RestoreSettings(Settings):
    """The settings of all services, with those that read a repository and write to environments as required."""

    s3: S3Settings
    repository: RepositorySettings
    secrets_directory: Path
    scratch_directory: Path

"""What the retention service needs to be told."""

from services.platform.process.settings import RepositorySettings, S3Settings, Settings


class RetentionServiceSettings(Settings):
    """The common settings, and those without which nothing can be removed."""

    s3: S3Settings
    repository: RepositorySettings

"""What the restore service cannot work without."""

from pathlib import Path

from services.platform.process.settings import RepositorySettings, S3Settings, Settings, WorkerSettings


class RestoreSettings(Settings):
    """The settings of all services, with those that read a repository and write to environments as required."""

    s3: S3Settings
    repository: RepositorySettings
    secrets_directory: Path
    scratch_directory: Path

    @property
    def asking(self) -> WorkerSettings:
        """How platforms are asked: no restore, of this environment or on its server, holds a call of seconds up."""
        places = self.webhooks.capacity
        beside = {"per_environment": self.worker.per_environment + 1, "per_host": self.worker.per_host + places}
        return self.worker.model_copy(update={"capacity": places} | beside)

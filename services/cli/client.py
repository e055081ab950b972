"""The gateway's API as a class: what the command line, the demo and scripts in Python call.

    with Gateway("http://127.0.0.1:8080", "admin", key) as gateway:
        backup = gateway.create_backup(environment_id, comment="before the release")
        backup = gateway.wait_for_backup(backup.backup_id)

GatewayError                      every one says what was wrong and what to do; `.code`, `.field`, `.status`
├── UnauthorizedError                 no such user or key, or the key's scope is too small
├── NotFoundError                     no such app, environment, backup, restore …
├── RefusedError                      the platform decided against it
├── NotKnownYetError                  the answer did not come in time: repeat with the same `idempotency_key`
├── UnreachableError                  nobody answers at that address
└── ServerError                       the gateway met a defect
"""
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from uuid import UUID

from contracts.progress import JobProgressed
from services.gateway.resources import (
    App,
    AppChange,
    Backup,
    Check,
    DeadLetter,
    DeadLetterPage,
    Environment,
    EnvironmentChange,
    NewApp,
    NewEnvironment,
    PlatformStatus,
    Preflight,
    Restore,
)

OnProgress = Callable[[JobProgressed], None]


class GatewayError(Exception):
    """A request had no effect, or it is not known whether it had one."""

    def __init__(self, message: str, *, code: str = "", field: str | None = None, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.status = status


class UnauthorizedError(GatewayError):
    """No such user or key, or the key's scope is too small."""


class NotFoundError(GatewayError):
    """There is no such thing."""


class RefusedError(GatewayError):
    """The platform decided against it; nothing was changed."""


class NotKnownYetError(GatewayError):
    """The answer did not come in time; repeat with the same `idempotency_key`."""


class UnreachableError(GatewayError):
    """Nobody answers at the gateway's address."""


class ServerError(GatewayError):
    """The gateway met a defect."""


class Gateway:
    """A connection to the gateway at `url`, with the key of `user`. Close it, or use it as a context manager.

    Every creating call takes an `idempotency_key`; without one it makes its own and repeats with it while the answer
    is "not known yet", for `patience_seconds` in all. Waits have no limit unless `timeout_seconds` is given.
    """

    def __init__(self, url: str, user: str, api_key: str, *, patience_seconds: float = 30.0) -> None:
        raise NotImplementedError

    @classmethod
    def from_credentials(cls, url: str, credentials_file: Path) -> Self:
        """A connection with the credentials in a file `{user, api_key}`, as `nightkeep admin init --json` prints."""
        raise NotImplementedError

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc_info: object) -> None: ...
    def close(self) -> None: ...
    def status(self) -> PlatformStatus: ...

    def apps(self, *, name: str | None = None) -> Iterator[App]:
        """All apps, or those whose slug or name is `name` without regard to case."""

    def app(self, app_id: UUID) -> App: ...
    def register_app(self, app: NewApp, *, idempotency_key: str | None = None) -> App: ...
    def update_app(self, app_id: UUID, change: AppChange, *, idempotency_key: str | None = None) -> App: ...
    def remove_app(self, app_id: UUID, *, idempotency_key: str | None = None) -> None: ...

    def environments(self, *, app_id: UUID | None = None, name: str | None = None) -> Iterator[Environment]:
        """All environments, or those of an app, or those named `name` without regard to case."""

    def environment(self, environment_id: UUID) -> Environment: ...
    def register_environment(
        self, app_id: UUID, environment: NewEnvironment, *, idempotency_key: str | None = None
    ) -> Environment: ...
    def update_environment(
        self, environment_id: UUID, change: EnvironmentChange, *, idempotency_key: str | None = None
    ) -> Environment: ...
    def remove_environment(self, environment_id: UUID, *, idempotency_key: str | None = None) -> None: ...
    def check_environment(self, environment_id: UUID, *, idempotency_key: str | None = None) -> Check:
        """Start a look at an environment; `wait_for_check` waits for what it finds."""

    def wait_for_check(
        self, environment_id: UUID, check_id: UUID | None = None, *, timeout_seconds: float | None = None
    ) -> Check:
        """The finished check `check_id`, or the environment's newest. Raises NotKnownYetError after the timeout."""

    def deploy(self, environment_id: UUID, model_version: str, *, idempotency_key: str | None = None) -> Environment: ...
    def start(self, environment_id: UUID, *, idempotency_key: str | None = None) -> Environment: ...
    def stop(self, environment_id: UUID, *, idempotency_key: str | None = None) -> Environment: ...

    def create_backup(
        self, environment_id: UUID, comment: str = "", *, idempotency_key: str | None = None
    ) -> Backup: ...
    def backups(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Backup]:
        """An environment's backups, newest first."""

    def backup(self, backup_id: UUID) -> Backup: ...
    def comment_backup(self, backup_id: UUID, comment: str, *, idempotency_key: str | None = None) -> Backup: ...
    def pin_backup(self, backup_id: UUID, reason: str = "", *, idempotency_key: str | None = None) -> Backup: ...
    def unpin_backup(self, backup_id: UUID, *, idempotency_key: str | None = None) -> Backup: ...
    def cancel_backup(self, backup_id: UUID, *, idempotency_key: str | None = None) -> Backup: ...
    def wait_for_backup(
        self, backup_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Backup:
        """The backup when it has ended, completed or failed. Raises NotKnownYetError after the timeout."""

    def create_restore(
        self, environment_id: UUID, backup_id: UUID, *, database_only: bool = False, idempotency_key: str | None = None
    ) -> Restore:
        """Bring a backup into `environment_id`, the destination."""

    def restores(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Restore]:
        """The restores into an environment, newest first."""

    def restore(self, restore_id: UUID) -> Restore: ...
    def cancel_restore(self, restore_id: UUID, *, idempotency_key: str | None = None) -> Restore: ...
    def undo_restore(self, restore_id: UUID, *, idempotency_key: str | None = None) -> Restore: ...
    def wait_for_restore(
        self, restore_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Restore:
        """The restore when it (or its undo, where one runs) has ended. Raises NotKnownYetError after the timeout."""

    def preflight(
        self, environment_id: UUID, backup_id: UUID, *, database_only: bool = False, idempotency_key: str | None = None
    ) -> Preflight:
        """Start a look whether a restore would go well; `wait_for_preflight` waits for what it finds."""

    def wait_for_preflight(
        self, environment_id: UUID, preflight_id: UUID, *, timeout_seconds: float | None = None
    ) -> Preflight: ...

    def dead_letters(self, *, before: str | None = None, limit: int = 50) -> DeadLetterPage: ...
    def dead_letter(self, dead_letter_id: str) -> DeadLetter: ...
    def replay_dead_letter(self, dead_letter_id: str) -> UUID:
        """Send a dead letter again under a new id; returns that id."""

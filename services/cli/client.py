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

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import UUID

from services.cli.access_calls import AccessCalls
from services.cli.alert_calls import AlertCalls
from services.cli.archive_calls import ArchiveCalls
from services.cli.audit_calls import AuditCalls
from services.cli.calling import OnProgress, asked, environment_path
from services.cli.content_calls import ContentCalls
from services.cli.errors import (
    GatewayError,
    NotFoundError,
    NotKnownYetError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnreachableError,
)
from services.cli.preflight_calls import LOOK_SECONDS, PreflightCalls
from services.cli.retention_calls import RetentionCalls
from services.cli.running_calls import RunningCalls
from services.cli.transport import Transport
from services.cli.upload_calls import UploadCalls
from services.cli.waiting import Deadline, poll
from services.gateway.resources import (
    App,
    AppChange,
    Backup,
    Check,
    CommentText,
    DeadLetter,
    DeadLetterPage,
    Environment,
    EnvironmentChange,
    NewApp,
    NewBackup,
    NewEnvironment,
    NewPin,
    NewRestore,
    PlatformStatus,
    Replayed,
    Restore,
)

__all__ = [
    "Gateway",
    "GatewayError",
    "NotFoundError",
    "NotKnownYetError",
    "RefusedError",
    "ServerError",
    "UnauthorizedError",
    "UnreachableError",
]


class Gateway(
    RunningCalls,
    RetentionCalls,
    AlertCalls,
    ArchiveCalls,
    ContentCalls,
    UploadCalls,
    PreflightCalls,
    AccessCalls,
    AuditCalls,
):
    """A connection to the gateway at `url`, with the key of `user`. Close it, or use it as a context manager.

    Every changing call takes an `idempotency_key`; without one it makes its own and repeats with it while the answer
    is "not known yet", for `patience_seconds` in all. Waits have no limit unless `timeout_seconds` is given.
    """

    def __init__(self, url: str, user: str, api_key: str, *, patience_seconds: float = 30.0) -> None:
        super().__init__(Transport(url, user, api_key, patience_seconds=patience_seconds))

    @classmethod
    def from_credentials(cls, url: str, credentials_file: Path) -> Self:
        """A connection with the credentials in a file `{user, api_key}`, as `nightkeep admin init --json` prints."""
        credentials = json.loads(credentials_file.read_text(encoding="utf-8"))
        return cls(url, credentials["user"], credentials["api_key"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._transport.close()

    def status(self) -> PlatformStatus:
        """What the gateway sees of the platform, and whose key this is."""
        return self._show("/api/v1/status", PlatformStatus)

    def apps(self, *, name: str | None = None) -> Iterator[App]:
        """All apps, or those whose slug or name is `name` without regard to case."""
        return self._pages("/api/v1/apps", "apps", App, {"name": name})

    def app(self, app_id: UUID) -> App:
        """One app."""
        return self._show(f"/api/v1/apps/{app_id}", App)

    def register_app(self, app: NewApp, *, idempotency_key: str | None = None) -> App:
        """Make an app known."""
        return self._change("POST", "/api/v1/apps", App, app, idempotency_key)

    def update_app(self, app_id: UUID, change: AppChange, *, idempotency_key: str | None = None) -> App:
        """Change an app's name or slug."""
        return self._change("PATCH", f"/api/v1/apps/{app_id}", App, change, idempotency_key)

    def remove_app(self, app_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Forget an app that has no environment any more."""
        self._transport.change("DELETE", f"/api/v1/apps/{app_id}", key=idempotency_key)

    def environments(self, *, app_id: UUID | None = None, name: str | None = None) -> Iterator[Environment]:
        """All environments, or those of an app, or those named `name` without regard to case."""
        query = {"app_id": None if app_id is None else str(app_id), "name": name}
        return self._pages("/api/v1/environments", "environments", Environment, query)

    def environment(self, environment_id: UUID) -> Environment:
        """One environment."""
        return self._show(environment_path(environment_id), Environment)

    def register_environment(
        self,
        app_id: UUID,
        environment: NewEnvironment,
        *,
        wait_seconds: float = LOOK_SECONDS,
        idempotency_key: str | None = None,
    ) -> Environment:
        """Make an environment of an app known; its check starts at once, and is waited for a while."""
        path = f"/api/v1/apps/{app_id}/environments?wait_seconds={wait_seconds}"
        return self._change("POST", path, Environment, environment, idempotency_key)

    def update_environment(
        self,
        environment_id: UUID,
        change: EnvironmentChange,
        *,
        wait_seconds: float = LOOK_SECONDS,
        idempotency_key: str | None = None,
    ) -> Environment:
        """Change an environment; what is not given stays. Its new check is waited for a while."""
        path = f"{environment_path(environment_id)}?wait_seconds={wait_seconds}"
        return self._change("PATCH", path, Environment, change, idempotency_key)

    def remove_environment(self, environment_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Forget an environment; its backups keep their expiry."""
        self._transport.change("DELETE", environment_path(environment_id), key=idempotency_key)

    def check_environment(
        self, environment_id: UUID, *, wait_seconds: float = LOOK_SECONDS, idempotency_key: str | None = None
    ) -> Check:
        """Look at an environment again; what is not found in a while, `wait_for_check` waits for."""
        path = environment_path(environment_id, f"checks?wait_seconds={wait_seconds}")
        told = self._transport.change("POST", path, key=idempotency_key)
        return Check.model_validate(told.get("check", told))  # what lags is read from the environment itself

    def wait_for_check(self, environment_id: UUID, *, timeout_seconds: float | None = None) -> Check:
        """The environment's newest check when it has ended. Raises NotKnownYetError after the timeout."""
        seen = poll(
            lambda: self.environment(environment_id),
            lambda environment: environment.check is not None and environment.check.state != "running",
            Deadline("the check", timeout_seconds),
        )
        if seen.check is None:
            raise AssertionError("poll returns what has ended")
        return seen.check

    def create_backup(
        self, environment_id: UUID, comment: str = "", *, read_all: bool = False, idempotency_key: str | None = None
    ) -> Backup:
        """Back an environment up; `wait_for_backup` waits for its end."""
        body = asked(NewBackup, comment=comment, read_all=read_all)
        return self._change("POST", environment_path(environment_id, "backups"), Backup, body, idempotency_key)

    def recover_backup(self, environment_id: UUID, backup_id: UUID, *, idempotency_key: str | None = None) -> Backup:
        """Make a backup's entry again from its manifest in the bucket; `wait_for_backup` waits until it is there."""
        path = environment_path(environment_id, f"recovered-backups/{backup_id}")
        return self._change("PUT", path, Backup, None, idempotency_key)

    def backups(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Backup]:
        """An environment's backups, newest first."""
        return self._pages(environment_path(environment_id, "backups"), "backups", Backup, {"limit": page_size})

    def backup(self, backup_id: UUID) -> Backup:
        """One backup."""
        return self._show(f"/api/v1/backups/{backup_id}", Backup)

    def comment_backup(self, backup_id: UUID, comment: str, *, idempotency_key: str | None = None) -> Backup:
        """Replace a backup's comment."""
        body = asked(CommentText, comment=comment)
        return self._change("PUT", f"/api/v1/backups/{backup_id}/comment", Backup, body, idempotency_key)

    def pin_backup(self, backup_id: UUID, reason: str = "", *, idempotency_key: str | None = None) -> Backup:
        """Keep a backup past its expiry."""
        body = asked(NewPin, reason=reason)
        return self._change("PUT", f"/api/v1/backups/{backup_id}/pin", Backup, body, idempotency_key)

    def unpin_backup(self, backup_id: UUID, *, idempotency_key: str | None = None) -> Backup:
        """Let a backup expire again."""
        return self._change("DELETE", f"/api/v1/backups/{backup_id}/pin", Backup, None, idempotency_key)

    def cancel_backup(self, backup_id: UUID, *, idempotency_key: str | None = None) -> Backup:
        """Stop a backup that is queued or running; `wait_for_backup` tells how it ended."""
        return self._change("POST", f"/api/v1/backups/{backup_id}/cancel", Backup, None, idempotency_key)

    def wait_for_backup(
        self, backup_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Backup:
        """The backup when it has ended, completed or failed. Raises NotKnownYetError after the timeout."""
        deadline = Deadline("the backup", timeout_seconds)
        return self._followed(f"/api/v1/backups/{backup_id}/progress", Backup, on_progress, deadline)

    def create_restore(
        self, environment_id: UUID, backup_id: UUID, *, database_only: bool = False, idempotency_key: str | None = None
    ) -> Restore:
        """Bring a backup into `environment_id`, the destination; `wait_for_restore` waits for its end."""
        body = NewRestore(backup_id=backup_id, database_only=database_only)
        return self._change("POST", environment_path(environment_id, "restores"), Restore, body, idempotency_key)

    def restores(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Restore]:
        """The restores into an environment, newest first."""
        return self._pages(environment_path(environment_id, "restores"), "restores", Restore, {"limit": page_size})

    def restore(self, restore_id: UUID) -> Restore:
        """One restore."""
        return self._show(f"/api/v1/restores/{restore_id}", Restore)

    def cancel_restore(self, restore_id: UUID, *, idempotency_key: str | None = None) -> Restore:
        """Stop a restore that has not switched yet; `wait_for_restore` tells how it ended."""
        return self._change("POST", f"/api/v1/restores/{restore_id}/cancel", Restore, None, idempotency_key)

    def undo_restore(self, restore_id: UUID, *, idempotency_key: str | None = None) -> Restore:
        """Bring back what a restore replaced; `wait_for_restore` waits for its end."""
        return self._change("POST", f"/api/v1/restores/{restore_id}/undo", Restore, None, idempotency_key)

    def wait_for_restore(
        self, restore_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Restore:
        """The restore when it (or its undo, where one runs) has ended. Raises NotKnownYetError after the timeout."""
        deadline = Deadline("the restore", timeout_seconds)
        return self._followed(f"/api/v1/restores/{restore_id}/progress", Restore, on_progress, deadline)

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        """The newest dead letters, newest first."""
        page = self._transport.get("/api/v1/dead-letters", {"limit": limit})
        return DeadLetterPage.model_validate(page).dead_letters

    def dead_letter(self, dead_letter_id: str) -> DeadLetter:
        """One dead letter."""
        return self._show(f"/api/v1/dead-letters/{dead_letter_id}", DeadLetter)

    def replay_dead_letter(self, dead_letter_id: str, *, idempotency_key: str | None = None) -> UUID:
        """Send a dead letter again under a new id; returns that id."""
        path = f"/api/v1/dead-letters/{dead_letter_id}/replay"
        return self._change("POST", path, Replayed, None, idempotency_key).message_id

"""Waits for a job as a person expects it: live progress, Ctrl-C leaves the job alone, a failed job is exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import typer

from contracts.states import ArchiveState, BackupState, RestoreState, UploadState
from services.cli.client import Gateway
from services.cli.exits import Exit
from services.cli.session import Session
from services.cli.show import details
from services.cli.show.progress import OnProgress, live_progress
from services.gateway.resources import Archive

INTERRUPTED: Final = 130
"""What shells expect after Ctrl-C: 128 and the number of SIGINT."""


def end_of_backup(session: Session, gateway: Gateway, backup_id: UUID, timeout_seconds: float | None) -> None:
    """Follow a backup to its end and show it. Raises Exit when it failed."""
    with followed(session, "the backup", f"nightkeep backup show {backup_id}") as on_progress:
        ended = gateway.wait_for_backup(backup_id, on_progress, timeout_seconds=timeout_seconds)
    session.tell(ended, details.backup(ended))
    _fail_if(ended.state is BackupState.FAILED)


def end_of_restore(session: Session, gateway: Gateway, restore_id: UUID, timeout_seconds: float | None) -> None:
    """Follow a restore, or its undo, to its end and show it. Raises Exit when it failed."""
    with followed(session, "the restore", f"nightkeep restore show {restore_id}") as on_progress:
        ended = gateway.wait_for_restore(restore_id, on_progress, timeout_seconds=timeout_seconds)
    session.tell(ended, details.restore(ended))
    _fail_if(ended.state is RestoreState.FAILED or ended.undo_state == "failed")


def end_of_upload(session: Session, gateway: Gateway, upload_id: UUID, timeout_seconds: float | None) -> None:
    """Follow an upload to its end and show it. Raises Exit when it failed."""
    with followed(session, "the upload", f"nightkeep upload show {upload_id}") as on_progress:
        ended = gateway.wait_for_upload(upload_id, on_progress, timeout_seconds=timeout_seconds)
    session.tell(ended, details.upload(ended))
    _fail_if(ended.state is UploadState.FAILED)


def ready_archive(
    session: Session, gateway: Gateway, asked: Archive, see: str, timeout_seconds: float | None = None
) -> Archive:
    """The archive with its link, once it is made; Ctrl-C says where to `see` it. Raises Exit when it could not be."""
    if asked.state is ArchiveState.COMPLETED:
        return asked
    with followed(session, "the archive", see, f"nightkeep archive cancel {asked.archive_id}") as on_progress:
        session.note(f"archive {asked.archive_id}")
        archive = gateway.wait_for_archive(asked.archive_id, on_progress, timeout_seconds=timeout_seconds)
    if archive.state is not ArchiveState.COMPLETED:
        session.tell(archive, f"the archive could not be made: {archive.status_message}")
        raise typer.Exit(Exit.FAILED)
    return archive


@contextmanager
def followed(session: Session, what: str, see: str, stop: str = "") -> Iterator[OnProgress | None]:
    """What shows a job's progress; Ctrl-C leaves the job alone and says where to `see` it or how to `stop` it."""
    try:
        if session.as_json:
            yield None
        else:
            with live_progress(session.err, what) as on_progress:
                yield on_progress
    except KeyboardInterrupt as error:
        session.note(f"{what} goes on: see `{see}`{f', stop it with `{stop}`' if stop else ''}")
        raise typer.Exit(INTERRUPTED) from error


def _fail_if(failed: bool) -> None:  # noqa: FBT001 -- reads as a sentence
    if failed:
        raise typer.Exit(Exit.FAILED)

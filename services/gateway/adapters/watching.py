"""Follows a job for somebody who watches: its state from the read model, its progress from Kafka, until it ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from fastapi.sse import ServerSentEvent

from contracts.progress import JobProgressed
from contracts.states import ArchiveState, BackupState, RestoreState, UploadState
from services.gateway.parts import Parts
from services.gateway.resources import Archive, Backup, Restore, Upload

SOON_SECONDS: Final = 0.1
"""Whoever has just said something ends shortly after, more often than not."""
LOOK_SECONDS: Final = 0.5
REPEAT_SECONDS: Final = 5.0
"""The state is told again at least this often, so that a watcher knows a silent stream from a dead one."""

T = TypeVar("T", Backup, Restore, Upload, Archive)
StillMay = Callable[[], Awaitable[bool]]
"""Whether whoever watches may do so still."""


def watch_backup(parts: Parts, backup: Backup, still_may: StillMay) -> AsyncIterator[ServerSentEvent]:
    """The backup's events, from its present state to its end."""
    look = partial(parts.read_model.backup, backup.backup_id)
    return _allowed(_watch(parts, backup, look, _backup_ended, backup.backup_id), still_may)


def watch_restore(parts: Parts, restore: Restore, still_may: StillMay) -> AsyncIterator[ServerSentEvent]:
    """The restore's events, from its present state to its end, or to the end of its undo where one runs."""
    look = partial(parts.read_model.restore, restore.restore_id)
    return _allowed(_watch(parts, restore, look, _restore_ended, restore.restore_id), still_may)


def watch_upload(parts: Parts, upload: Upload, still_may: StillMay) -> AsyncIterator[ServerSentEvent]:
    """The upload's events, from its present state to its end."""
    look = partial(parts.read_model.upload, upload.upload_id)
    return _allowed(_watch(parts, upload, look, _upload_ended, upload.upload_id), still_may)


def watch_archive(
    parts: Parts, archive: Archive, look: Callable[[], Awaitable[Archive]], still_may: StillMay
) -> AsyncIterator[ServerSentEvent]:
    """The archive's events, from its present state to its end; `look` brings it with its link."""
    return _allowed(_watch(parts, archive, look, _archive_ended, archive.archive_id), still_may)


def _archive_ended(archive: Archive) -> bool:
    return archive.state not in (ArchiveState.QUEUED, ArchiveState.RUNNING)


def _upload_ended(upload: Upload) -> bool:
    return upload.state not in (UploadState.QUEUED, UploadState.RUNNING)


def _backup_ended(backup: Backup) -> bool:
    return backup.state not in (BackupState.QUEUED, BackupState.RUNNING)


def _restore_ended(restore: Restore) -> bool:
    return restore.state not in (RestoreState.QUEUED, RestoreState.RUNNING) and restore.undo_state != "running"


async def _allowed(events: AsyncGenerator[ServerSentEvent], still_may: StillMay) -> AsyncGenerator[ServerSentEvent]:
    """The events for as long as they may be seen: looked at before each state and the end, which may hold a link.

    States are repeated, so whoever lost the right sees a note of progress at most for REPEAT_SECONDS. No event tells
    of it: who asks anew is refused, and told why.
    """
    async with aclosing(events):
        async for event in events:
            if event.event != "progress" and not await still_may():
                return
            yield event


async def _watch(
    parts: Parts, seen: T, look: Callable[[], Awaitable[T]], ended: Callable[[T], bool], job_id: UUID
) -> AsyncGenerator[ServerSentEvent]:
    yield ServerSentEvent(event="state", data=seen)
    told_at, pause_seconds = _now(), SOON_SECONDS
    notes = _Notes(parts.progress.watch(job_id))
    try:
        while not ended(seen) and not parts.goodbye.is_said:
            note = await notes.next(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LOOK_SECONDS) if note is None else SOON_SECONDS
            if note is not None:
                yield ServerSentEvent(event="progress", data=note)
            before, seen = seen, await look()
            if seen != before or _now() - told_at > REPEAT_SECONDS:
                yield ServerSentEvent(event="state", data=seen)
                told_at = _now()
    finally:
        await notes.close()
    if ended(seen):
        yield ServerSentEvent(event="end", data=seen)


class _Notes:
    """Notes of progress, waited for with an end; a wait that ended is gone on with, not begun again."""

    def __init__(self, notes: AsyncIterator[JobProgressed]) -> None:
        self._notes = notes
        self._next: asyncio.Future[JobProgressed] | None = None

    async def next(self, seconds: float) -> JobProgressed | None:
        """The next note, or None when none comes in time."""
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._notes))
        done, _ = await asyncio.wait({self._next}, timeout=seconds)
        if not done:
            return None
        note, self._next = self._next.result(), None
        return note

    async def close(self) -> None:
        """End the wait."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait({self._next})


def _now() -> float:
    return asyncio.get_running_loop().time()

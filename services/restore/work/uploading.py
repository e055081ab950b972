"""The job that clears an environment and fills it with what was uploaded (seed page §3.2)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from contracts.events.archives import DataType
from contracts.events.uploads import (
    DatabaseUploaded,
    DataUploaded,
    FilesUploaded,
    UploadFailed,
    UploadRequested,
    UploadStarted,
)
from contracts.values import Warning  # noqa: A004 -- the product's word
from services.platform.archives.incoming import Limits
from services.platform.connectors.files import ListMissingError
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.process.retry import until_done
from services.restore.journal import tell, upload_stream
from services.restore.work.asking import clearing
from services.restore.work.attempt import Attempt, Named, Wish
from services.restore.work.cleared import tell_cleared
from services.restore.work.document_steps import DocumentSteps, listing, remove_area, writing
from services.restore.work.loading import LOAD, completing, creating, loading, preparing
from services.restore.work.looking import find_destination, look_around
from services.restore.work.putting_back import put_back
from services.restore.work.receiving import receiving, still_safe
from services.restore.work.side_by_side import Shared, side_by_side
from services.restore.work.switching import switching
from services.restore.workplace import Workplace, queries

REMOVE_SECONDS: Final = 60.0
"""How long the database from before may resist its removal."""
FILL: Final = "load the dump and add the documents that were sent"


class UploadJob:
    """The kind `upload`: what was sent is checked whole, loaded beside, and switched to as a restore is."""

    def __init__(self, workplace: Workplace, limits: Limits | None = None) -> None:
        self._workplace = workplace
        self._limits = limits or Limits()

    def steps(self, run: JobRun) -> Sequence[Step]:
        """Nothing of the environment is touched before all that was sent has been read to its end."""
        requested = UploadRequested.model_validate(run.payload)
        attempt = _attempt(self._workplace, run, requested)
        shared = Shared(run.progress)
        dump = requested.data_type is not DataType.FILES_ONLY

        async def find() -> None:
            await find_destination(attempt)

        async def look() -> None:
            await look_around(attempt)

        async def say_so() -> None:
            async with run.finish() as c:
                await _tell_uploaded(attempt, requested, c)

        return attempt.steps((
            Named("find the environment, and what an earlier attempt left", find, once_switched=True),
            *receiving(attempt, requested, self._limits),
            Named("look at the environment", look),
            *(preparing(attempt) if dump else (creating(attempt),)),
            *listing(attempt),
            Named(
                FILL,
                side_by_side(attempt, (loading(attempt, shared.of(LOAD)),) if dump else (), writing(attempt, shared)),
                timed=False,
            ),
            *(completing(attempt) if dump else ()),
            still_safe(attempt, requested),
            clearing(attempt, requested),
            *_after_loading(attempt, requested),
            Named("say that the data is there", say_so, once_switched=True),
        ))  # fmt: skip

    async def put_back(self, run: JobRun, _error: PermanentError) -> None:
        """Leave the environment as it was; an upload that has switched is completed instead."""
        requested = UploadRequested.model_validate(run.payload)
        attempt = _attempt(self._workplace, run, requested)
        await put_back(attempt, _after_loading(attempt, requested))

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say that it failed with the data as it was, or that it is done after all."""
        requested = UploadRequested.model_validate(run.payload)
        attempt = _attempt(self._workplace, run, requested)
        if attempt.memo.completed:
            await _tell_uploaded(attempt, requested, c)
            return
        failed = UploadFailed(
            upload_id=requested.upload_id,
            environment_id=requested.environment_id,
            finished_at=self._workplace.clock.now(),
            code=error.code,
            reason=error.reason,
            retryable=error.retryable,
        )
        await queries.forget_restore(c, restore_id=requested.upload_id)
        await tell(self._workplace, c, run, attempt.wish.stream, failed)


def _after_loading(attempt: Attempt, requested: UploadRequested) -> Sequence[Named]:
    """The switch, and what was there before goes: an upload's way back is its safety backup."""

    async def say_cleared() -> None:
        await tell_cleared(attempt, requested)

    async def exchange() -> None:
        with suppress(ListMissingError):  # it was fixed before the switch: an earlier attempt has cleared it away
            await DocumentSteps(attempt).exchange()

    async def clear() -> None:
        await remove_area(attempt.destination, attempt.wish.environment_id, attempt.wish.work_id)
        await _remove_previous(attempt)

    return (
        *switching(attempt),
        Named("say that the environment is cleared", say_cleared, once_switched=True),
        Named("put the documents that were sent in place", exchange, once_switched=True),
        Named("remove what was there before", clear, once_switched=True),
    )


async def _remove_previous(attempt: Attempt) -> None:
    """The switch has happened: what keeps the database from before from going is told, and does not keep the rest."""
    try:
        async with asyncio.timeout(REMOVE_SECONDS):
            await until_done("remove the database from before an upload", attempt.target.remove_previous)
    except TimeoutError:
        attempt.memo.warn((_left_over(attempt, f"something holds it for {REMOVE_SECONDS:g} s"),))
    except PermanentError as error:
        attempt.memo.warn((_left_over(attempt, error.reason),))


def _left_over(attempt: Attempt, reason: str) -> Warning:
    name = attempt.target.previous_name
    message = f"the database from before, {name!r}, could not be removed ({reason}): drop it by hand"
    return Warning(code="PREVIOUS_NOT_REMOVED", message=message, count=1, examples=(name,))


async def _tell_uploaded(attempt: Attempt, requested: UploadRequested, c: Connection) -> None:
    """Say that the environment holds exactly what was sent."""
    await queries.forget_restore(c, restore_id=requested.upload_id)
    await tell(attempt.workplace, c, attempt.run, attempt.wish.stream, _uploaded(attempt, requested))


def _uploaded(attempt: Attempt, requested: UploadRequested) -> DataUploaded:
    memo, now = attempt.memo, attempt.workplace.clock.now()
    dump = requested.data_type is not DataType.FILES_ONLY
    return DataUploaded(
        upload_id=requested.upload_id,
        environment_id=requested.environment_id,
        finished_at=now,
        switched_at=memo.switched_at or now,
        model_version=memo.model_version,
        database=DatabaseUploaded(bytes=memo.database_bytes, tables=memo.tables) if dump else None,
        files=FilesUploaded(count=memo.files.count, bytes=memo.files.bytes) if memo.files else _NO_FILES,
        sessions_ended=memo.sessions_ended,
        warnings=memo.warnings,
        steps=memo.steps,
    )


_NO_FILES: Final = FilesUploaded(count=0, bytes=0)


def _attempt(workplace: Workplace, run: JobRun, requested: UploadRequested) -> Attempt:
    ids = {"upload_id": requested.upload_id, "environment_id": requested.environment_id}
    wish = Wish(
        work_id=requested.upload_id,
        environment_id=requested.environment_id,
        source_environment_id=requested.environment_id,
        database_only=False,
        stream=upload_stream(requested.upload_id),
        started=lambda now: UploadStarted(**ids, started_at=now),
    )
    return Attempt(workplace, run, wish)

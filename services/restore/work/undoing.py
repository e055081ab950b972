"""The job that undoes a restore: what was there before comes back, database and documents."""

from collections.abc import Sequence

from contracts.errors import FailureCode
from contracts.events.restores import RestoreUndoFailed, RestoreUndone, RestoreUndoRequested
from contracts.values import EnvironmentPlaces, Warning  # noqa: A004 -- the product's word
from services.platform.connectors.database.target import RestoreTarget
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.restore.domain.memo import Memo
from services.restore.journal import restore_stream, tell
from services.restore.work.attempt import Named, remembered
from services.restore.work.destination import Destination, places_of
from services.restore.work.document_steps import bring_back, can_bring_back, remove_area
from services.restore.workplace import Workplace, queries


class NothingToUndoError(PermanentError):
    """What was there before the restore is not there any more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.PREVIOUS_STATE_GONE)


class UndoWork:
    """One attempt at an undo; the same parts end one that failed after its switch."""

    destination: Destination
    database_only: bool

    def __init__(self, workplace: Workplace, run: JobRun) -> None:
        self.workplace = workplace
        self.run = run
        self.requested = RestoreUndoRequested.model_validate(run.payload)
        self.memo = Memo.of(run.memo)

    @property
    def target(self) -> RestoreTarget:
        """The database to bring back."""
        return self.destination.target

    async def look(self) -> None:
        """Find what was there before. Raises NothingToUndoError; nothing was changed then."""
        await self.find()
        if not await self.has_switched_back():
            await self._refuse_nothing()
        self.memo.closing = True

    async def _refuse_nothing(self) -> None:
        if not await self.target.can_switch_back():
            raise NothingToUndoError(f"there is no database {self.target.previous_name!r} (any more) to bring back")
        if not self.database_only and not await can_bring_back(self.destination, self.requested.restore_id):
            raise NothingToUndoError("what this restore set aside of the documents is not there (any more)")

    async def find(self) -> None:
        """Where the restore went, which must be where the environment still is."""
        async with self.run.transaction() as c:
            row = await queries.find_restore(c, restore_id=self.requested.restore_id)
            here = await places_of(c, self.requested.environment_id)
        if row is None:
            raise NothingToUndoError(f"restore {self.requested.restore_id} has replaced nothing here")
        then = EnvironmentPlaces.model_validate(row["places"])
        if _address(then) != _address(here):
            raise NothingToUndoError("the environment's database is another one since: what was before is elsewhere")
        self.database_only = row["database_only"]
        self.destination = Destination.at(self.workplace, here, self.requested.restore_id, self.run)

    async def has_switched_back(self) -> bool:
        """Whether what was there before is back, by this attempt or an earlier one."""
        if self.memo.switched_at is None and await self.target.has_switched_back():
            self.memo.switched_at = self.workplace.clock.now()
        return self.memo.switched_at is not None

    async def close(self) -> None:
        """Refuse connections, and end the sessions that are there."""
        if not await self.has_switched_back():
            self.memo.sessions_ended = await self.target.close_for_undo()

    async def switch_back(self) -> None:
        """In one transaction there, inside one here that refuses an old epoch."""
        if not await self.has_switched_back():
            async with self.run.transaction():
                await self.target.switch_back()
            self.memo.switched_at = self.workplace.clock.now()

    async def allow_connections(self) -> None:
        """Open the database again, whichever it is."""
        await self.target.allow_connections()

    async def bring_documents_back(self) -> None:
        """The documents that the restore had set aside; those that the app added since stay, as orphans."""
        if not self.database_only and not self.memo.documents_back:
            requested = self.requested
            orphans = await bring_back(self.destination, requested.environment_id, requested.restore_id, self.run)
            self.memo.warn(_orphans(orphans))
        self.memo.documents_back = True

    async def remove_undone(self) -> None:
        """What the restore had brought: its database, and its copies of the backup's documents."""
        await self.target.remove_undone()
        if not self.database_only:
            await remove_area(self.destination, self.requested.environment_id, self.requested.restore_id)

    async def say_so(self) -> None:
        """It is done."""
        async with self.run.finish() as c:
            await tell_undone(self, c)


def _address(places: EnvironmentPlaces) -> tuple[str, int, str]:
    return places.database.host, places.database.port, places.database.name


async def tell_undone(work: UndoWork, c: Connection) -> None:
    """Say that the destination holds again what it held before."""
    undone = RestoreUndone(
        restore_id=work.requested.restore_id,
        environment_id=work.requested.environment_id,
        finished_at=work.workplace.clock.now(),
        warnings=(*_sessions(work.memo.sessions_ended), *work.memo.warnings),
    )
    await queries.forget_restore(c, restore_id=work.requested.restore_id)
    await tell(work.workplace, c, work.run, restore_stream(work.requested.restore_id), undone)


def _sessions(ended: tuple[str, ...]) -> tuple[Warning, ...]:
    if not ended:
        return ()
    message = f"{len(ended)} sessions were ended"
    return (Warning(code="SESSIONS_ENDED", message=message, count=len(ended), examples=ended[:5]),)


def _orphans(count: int) -> tuple[Warning, ...]:
    if not count:
        return ()
    return (
        Warning(code="ORPHANS", message="documents that the app added since the restore stay, as orphans", count=count),
    )


class UndoJob:
    """The kind `undo`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """Step 7 of the specification."""
        work = UndoWork(self._workplace, run)
        parts = (
            Named("look for what was there before", work.look),
            Named("refuse connections and end sessions", work.close),
            Named("switch the databases back", work.switch_back),
            Named("allow connections", work.allow_connections),
            Named("bring the documents back", work.bring_documents_back),
            Named("remove what the restore had brought", work.remove_undone),
            Named("say that it is undone", work.say_so),
        )
        return [Step(part.sentence, remembered(work.memo, run, part.sentence, part.work)) for part in parts]

    async def put_back(self, run: JobRun, _error: PermanentError) -> None:
        """Open the database again if the undo had closed it; one that has switched back is completed instead."""
        work = UndoWork(self._workplace, run)
        if not work.memo.closing:
            return
        await work.find()
        if await work.has_switched_back():
            for part in (work.allow_connections, work.bring_documents_back, work.remove_undone):
                await part()
            work.memo.completed = True
        else:
            await work.allow_connections()
        work.memo.keep_in(run.memo)

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say that it failed with nothing changed, or that it is done after all."""
        work = UndoWork(self._workplace, run)
        if work.memo.completed:
            await tell_undone(work, c)
            return
        failed = RestoreUndoFailed(
            restore_id=work.requested.restore_id,
            environment_id=work.requested.environment_id,
            finished_at=self._workplace.clock.now(),
            code=error.code,
            reason=error.reason,
            retryable=error.retryable,
        )
        await tell(self._workplace, c, run, restore_stream(work.requested.restore_id), failed)

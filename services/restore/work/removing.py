"""The job that removes what a restore replaced, once its grace has ended."""

from collections.abc import Sequence

import structlog

from contracts.events.restores import PreviousStateRemoved, RestoreGraceEnded
from contracts.values import EnvironmentPlaces
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.restore.journal import restore_stream, tell
from services.restore.work.destination import Destination
from services.restore.work.document_steps import remove_area
from services.restore.workplace import Workplace, queries

log = structlog.get_logger()


class RemovalWork:
    """One attempt at a removal."""

    destination: Destination | None
    database_only: bool

    def __init__(self, workplace: Workplace, run: JobRun) -> None:
        self._workplace = workplace
        self._run = run
        self._ended = RestoreGraceEnded.model_validate(run.payload)

    async def find(self) -> None:
        """Where the restore went, as it was then."""
        async with self._run.transaction() as c:
            row = await queries.find_restore(c, restore_id=self._ended.restore_id)
        self.destination = None
        if row is not None:
            places = EnvironmentPlaces.model_validate(row["places"])
            self.destination = Destination.at(self._workplace, places, self._ended.restore_id, self._run)
            self.database_only = row["database_only"]

    async def remove_database(self) -> None:
        """The database from before the switch."""
        if self.destination and await self.destination.target.remove_previous():
            self._run.memo["database"] = self.destination.target.previous_name

    async def remove_documents(self) -> None:
        """What was set aside."""
        if self.destination and not self.database_only:
            count = await remove_area(self.destination, self._ended.environment_id, self._ended.restore_id)
            self._run.memo["documents"] = max(count, self._run.memo.get("documents", 0))

    async def say_so(self) -> None:
        """It is gone."""
        async with self._run.finish() as c:
            await queries.forget_restore(c, restore_id=self._ended.restore_id)
            removed = PreviousStateRemoved(
                restore_id=self._ended.restore_id,
                environment_id=self._ended.environment_id,
                removed_at=self._workplace.clock.now(),
                database=self._run.memo.get("database"),
                documents_count=self._run.memo.get("documents", 0),
            )
            await tell(self._workplace, c, self._run, restore_stream(self._ended.restore_id), removed)


class RemovalJob:
    """The kind `remove`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """Nothing here touches what is live."""
        work = RemovalWork(self._workplace, run)
        return [
            Step("find what the restore replaced", work.find),
            Step("remove the previous database", work.remove_database),
            Step("remove the documents that were set aside", work.remove_documents),
            Step("say that it is gone", work.say_so),
        ]

    async def failed(self, _c: Connection, run: JobRun, error: PermanentError) -> None:
        """Nobody waits for it; a person may want to know where something is left."""
        log.error(
            "what a restore replaced could not be removed", restore=run.payload["restore_id"], reason=error.reason
        )

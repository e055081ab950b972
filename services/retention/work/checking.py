"""The job `check`: looks whether stored backups could be read, reads a part of them, and says what it found."""

from collections.abc import Sequence
from typing import Final

import structlog

from contracts.events.retention import FoundDamage, RepositoryChecked, SpaceUsed
from services.platform.archives.damages import look_through, name_tables
from services.platform.archives.workshop import Workshop
from services.platform.database import Connection, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.repository import Space
from services.platform.repository.errors import RepositoryError
from services.platform.repository.report import Damage, Report
from services.retention.domain.checks import next_seed
from services.retention.parts import TRY_AGAIN_AFTER, Parts

DAMAGES_TOLD: Final = 50
"""By the event, which is read by everybody for ever; `nightkeep repository check` names more."""
WORDS_TOLD: Final = 500

queries = load_queries("services.retention")
log = structlog.get_logger()


class CheckJob:
    """See JobKind."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("look whether all that the backups need is there, and read a part of it", attempt.check),
            Step("name the tables that are damaged", attempt.name_tables),
            Step("add up what the backups take", attempt.measure),
            Step("say what was found", attempt.say_checked),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """A later sweep tries again, with the same part."""
        log.error("stored backups could not be checked", environment_id=str(run.environment_id), reason=error.reason)
        again = self._parts.clock.now() + TRY_AGAIN_AFTER
        seed = run.payload["seed"]
        await queries.end_check(c, environment_id=run.environment_id, check_from=again, seed=seed)


class _Attempt:
    """One attempt; a later one begins anew."""

    def __init__(self, parts: Parts, run: JobRun) -> None:
        self._parts = parts
        self._run = run
        self._read_percent: int = run.payload["read_percent"]
        self._seed: int = run.payload["seed"]
        self._repository = parts.repository.of(run.environment_id)
        self._report = Report()
        self._space: Space | None = None

    async def check(self) -> None:
        """Structure, and the bytes of a part."""
        self._report = await look_through(
            self._repository, read_percent=self._read_percent, seed=self._seed, moved=self._moved
        )
        await self._repository.note_damaged(self._run.job_id, self._report.damaged_packs)

    async def name_tables(self) -> None:
        """For a person who wants to know what is lost."""
        with Workshop.open() as workshop:
            await name_tables(self._repository, self._report, workshop, self._run.moved)

    async def measure(self) -> None:
        """Nobody knows what a manifest needs that cannot be read."""
        try:
            self._space = await self._repository.space(self._run.moved)
        except RepositoryError as error:
            log.warning("space is not known", environment_id=str(self._run.environment_id), reason=error.reason)

    async def say_checked(self) -> None:
        """And when the next part has its turn."""
        run, now = self._run, self._parts.clock.now()
        async with run.finish() as c:
            seed = next_seed(self._seed, self._read_percent)
            following = now + self._parts.check_every
            await queries.end_check(c, environment_id=run.environment_id, check_from=following, seed=seed)
            await self._parts.say(c, "check", run.environment_id, self._event(), run.cause, run.key)

    async def _moved(self, bytes_read: int) -> None:
        self._run.moved()  # manifests and lists are no bytes of packs
        await self._run.progress(bytes_done=bytes_read)

    def _event(self) -> RepositoryChecked:
        report, space = self._report, self._space
        return RepositoryChecked(
            check_id=self._run.job_id,
            environment_id=self._run.environment_id,
            checked_at=self._parts.clock.now(),
            read_percent=self._read_percent,
            seed=self._seed,
            backups=report.backups,
            packs=report.packs,
            bytes_read=report.bytes_read,
            damage_count=report.damage_count,
            damages=tuple(map(_told, report.damages[:DAMAGES_TOLD])),
            space=_used(space) if space else None,
        )


def _told(damage: Damage) -> FoundDamage:
    place, reason = damage.place[:WORDS_TOLD], damage.reason[:WORDS_TOLD]
    return FoundDamage(backup_id=damage.backup_id, place=place, reason=reason)


def _used(space: Space) -> SpaceUsed:
    return SpaceUsed(
        logical_bytes=space.logical_bytes,
        stored_bytes=space.stored_bytes,
        shared_bytes=space.shared_bytes,
        reclaimable_bytes=space.reclaimable_bytes,
    )

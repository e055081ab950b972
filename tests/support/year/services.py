"""The services of a year: a catalog as a process; the nights of the snapshot service, and retention's sweeps, here.

Everything is real but the bytes: a backup begins and ends as soon as it was asked for.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contracts.defaults import REMOVAL_GRACE_HOURS
from contracts.envelope import Cause, Event, Message
from contracts.errors import FailureCode
from contracts.events.apps import EnvironmentChecked, EnvironmentRegistered
from contracts.events.backups import BackupFailed, BackupKind, BackupRequested, BackupStarted
from contracts.streams import stream
from contracts.topics import Topic
from services.platform.database import Connection, migrate
from services.platform.environments import Environments
from services.platform.eventstore.store import EventStore
from services.platform.foundation import Foundation
from services.platform.jobs.queue import JobQueue
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.reading import LogReader
from services.platform.process.clock import Clock, open_clock
from services.platform.process.settings import ClockSettings, RepositorySettings, RetentionSettings, Settings
from services.platform.repository import EnvironmentRepository, Repository
from services.retention.bootstrap import Retention
from services.retention.bootstrap import wire as wire_retention
from services.retention.settings import RetentionServiceSettings
from services.snapshot.domain.endings import completed
from services.snapshot.domain.pacing import Pace
from services.snapshot.nights.reactions import NightReactions
from services.snapshot.nights.rows import PACKAGE
from services.snapshot.nights.scheduler import NightScheduler
from services.snapshot.parts import SERVICE
from tests.suites.reclaim import Backups
from tests.support.in_process import running
from tests.support.manifests import manifest, tombstone
from tests.support.moved_clock import MovedBy
from tests.support.running_services import Platform

MANY: Final = 20
"""Backups that one sweep of an environment may let go here, where some nights pass between two sweeps."""
NEVER: Final = 100 * 366 * 24.0
"""Hours."""
Fails = Callable[[UUID, object], bool]
"""Whether the nightly backups of an environment fail on this slot date."""


@dataclass(frozen=True)
class NightSettings:
    """The platform's settings for one of its services."""

    platform: Platform
    clock: MovedBy

    def of(self, name: str) -> Settings:
        """For the service of this name."""
        return Settings(
            kafka=self.platform.kafka,
            postgres=self.platform.database(name),
            clock=ClockSettings(moved_by_file=self.clock.path),
        )

    def of_retention(self, *, with_bytes: bool) -> RetentionServiceSettings:
        """For retention. Nobody works on checks; without bytes nobody removes any, so that is never to be done."""
        shared = self.of("retention")
        return RetentionServiceSettings(
            kafka=shared.kafka,
            postgres=shared.postgres,
            clock=shared.clock,
            s3=self.platform.s3,
            repository=RepositorySettings(key_file=self.platform.directory / "repository.key"),
            retention=RetentionSettings(
                cap_count=MANY,
                check_interval_hours=0,
                sweep_interval_minutes=NEVER * 60,  # the patrol only sends what a sweep has asked for
                removal_grace_hours=REMOVAL_GRACE_HOURS if with_bytes else NEVER,
            ),
        )


class ToldAtOnce:
    """The snapshot service's part in a backup without its work: begun and ended when it was asked for."""

    def __init__(
        self, events: EventStore, clock: Clock, nights: NightReactions, fails: Fails, repository: Repository | None
    ) -> None:
        self._events = events
        self._clock = clock
        self._nights = nights
        self._fails = fails
        self._repository = repository

    async def on_environment_registered(self, c: Connection, message: Message[EnvironmentRegistered]) -> None:
        """Expect its nights, and find nothing wrong with it."""
        body = message.body
        await self._nights.on_environment_registered(c, message)
        checked = EnvironmentChecked(
            environment_id=body.environment_id,
            check_id=body.check_id,
            checked_at=self._clock.now(),
            passed=True,
            server_version="18.6",
            findings=(),
        )
        await self._say(c, message, "environment", body.environment_id, checked)

    async def on_backup_requested(self, c: Connection, message: Message[BackupRequested]) -> None:
        """Tell its beginning and its end."""
        body, now = message.body, self._clock.now()
        await self._nights.on_backup_requested(c, message)
        begun = BackupStarted(backup_id=body.backup_id, environment_id=body.environment_id, started_at=now)
        fails = body.kind is BackupKind.NIGHTLY and self._fails(body.environment_id, body.slot_date)
        if self._repository is not None:
            await _store(self._repository.of(body.environment_id), body, now, fails=fails)
        ended = _failed(body, now) if fails else _completed(body, now)
        await self._say(c, message, "backup", body.backup_id, begun, ended)

    async def _say(self, c: Connection, message: Message[Any], entity: str, entity_id: UUID, *bodies: Event) -> None:
        name, cause = stream(SERVICE, entity, entity_id), Cause.of(message)
        await self._events.append(c, name, bodies, cause, message.envelope.key, after=0, now=self._clock.now())


async def _store(repository: EnvironmentRepository, body: BackupRequested, now: datetime, *, fails: bool) -> None:
    """A manifest with a dump and a document that all backups of a week share, and a list of its own; or a tombstone."""
    if fails:
        stone = tombstone(body.backup_id, body.environment_id).model_copy(update={"buried_at": now})
        await repository.bury(stone)
    else:
        week = body.created_at.isocalendar()
        await Backups(repository).take(f"week {week.year} {week.week}".encode(), body.backup_id)


def _completed(body: BackupRequested, now: datetime) -> Event:
    described = manifest(body.backup_id, body.environment_id).model_copy(update={"finished_at": now})
    return completed(described, f"manifests/{body.backup_id}", "00")


def _failed(body: BackupRequested, now: datetime) -> Event:
    return BackupFailed(
        backup_id=body.backup_id,
        environment_id=body.environment_id,
        finished_at=now,
        code=FailureCode.DUMP_FAILED,
        reason="it was to fail",
        retryable=False,
    )


@asynccontextmanager
async def nights(settings: Settings, fails: Fails, repository: Repository | None = None) -> AsyncIterator[None]:
    """The schedule, as long as the context lasts; with a `repository`, backups have bytes."""
    async with AsyncExitStack() as stack:
        ground = await Foundation.open(stack, settings, SERVICE)
        environments = await Environments.open(ground.database)
        await migrate(ground.database, PACKAGE, SERVICE)
        queue = await JobQueue.open(ground.database)
        clock = open_clock(settings.clock)
        reactions = NightReactions(ground.events, pace := Pace())
        told = ToldAtOnce(ground.events, clock, reactions, fails, repository)
        follower = EventFollower(
            SERVICE,
            ground.database,
            settings.kafka,
            {
                **reactions.reactions(),
                EnvironmentRegistered: _both(environments.on_environment_described, told.on_environment_registered),
                BackupRequested: told.on_backup_requested,
            },
            unfollowed=[f"{SERVICE}/slot/", f"{SERVICE}/environment/"],
        )
        scheduler = NightScheduler(ground.database, queue, ground.events, ground.producer, clock, pace)
        async with running([ground.relay.run(), follower.run(), scheduler.run()]):
            yield


def _both(first: Any, second: Any) -> Any:  # noqa: ANN401 -- two reactions as one
    async def react(c: Connection, message: Message[Any]) -> None:
        await first(c, message)
        await second(c, message)

    return react


@asynccontextmanager
async def sweeps(settings: RetentionServiceSettings, repository: Repository | None = None) -> AsyncIterator[Retention]:
    """Retention; a sweep is when a test calls it. Without a `repository` nobody works on bytes."""
    async with AsyncExitStack() as stack:
        retention = await wire_retention(stack, settings, repository)
        worker = [retention.worker.run()] if repository is not None else []
        patrol = retention.patrol.run(retention.follower.replayed)
        async with running([retention.relay.run(), retention.follower.run(), patrol, *worker]):
            yield retention


async def heard(retention: Retention, reader: LogReader) -> None:
    """Retention knows all that was on the log when this was called."""
    for partition, end in (await reader.ends(Topic.EVENTS)).items():
        if end:
            await retention.follower.caught_up(partition, end)

"""Wires the snapshot service, readable from top to bottom."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.platform.connectors.database import PostgresTools
from services.platform.database import migrate
from services.platform.environments import Environments
from services.platform.foundation import Foundation
from services.platform.jobs.attempt import JobKind
from services.platform.jobs.queue import JobQueue
from services.platform.jobs.reporting import Reporter
from services.platform.jobs.worker import Worker
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.progress import ProgressPublisher
from services.platform.parcels import Parcels
from services.platform.process.clock import open_clock
from services.platform.process.health import Health
from services.platform.process.ids import random_id
from services.platform.process.secrets import SecretDirectory
from services.platform.process.service import Task
from services.platform.repository.opening import open_bucket
from services.snapshot.backup import BackupJob
from services.snapshot.check import CheckJob
from services.snapshot.domain.pacing import Pace
from services.snapshot.handlers import BACKUP, CHECK, IMPORT, RECOVER, Handlers
from services.snapshot.importing import ImportJob
from services.snapshot.nights.reactions import NightReactions
from services.snapshot.nights.rows import PACKAGE as NIGHTS
from services.snapshot.nights.scheduler import NightScheduler
from services.snapshot.parts import SERVICE, Parts
from services.snapshot.recovering import RecoveringJob
from services.snapshot.settings import SnapshotSettings


def make_kinds(parts: Parts) -> Mapping[str, JobKind]:
    """The work that this service does."""
    return {
        BACKUP: BackupJob(parts),
        IMPORT: ImportJob(parts),
        RECOVER: RecoveringJob(parts),
        CHECK: CheckJob(parts),
    }


async def bootstrap(
    stack: AsyncExitStack,
    settings: SnapshotSettings,
    health: Health,
    kinds: Callable[[Parts], Mapping[str, JobKind]] = make_kinds,
) -> Sequence[Task]:
    """Open everything. Raises a TransientError while an engine is not there, a PermanentError for an unsafe store."""
    ground = await Foundation.open(stack, settings, SERVICE)
    environments = await Environments.open(ground.database)
    await migrate(ground.database, "services.snapshot", SERVICE)
    await migrate(ground.database, NIGHTS, SERVICE)
    queue = await JobQueue.open(ground.database)
    bucket = await stack.enter_async_context(open_bucket(settings.s3, settings.repository, settings.wraps, random_id))
    clock = open_clock(settings.clock)
    parts = Parts(
        database=ground.database,
        events=ground.events,
        repository=bucket.repository(random_id),
        parcels=Parcels(bucket.store, bucket.wraps, random_id),
        secrets=SecretDirectory(settings.secrets_directory),
        tools=PostgresTools(settings.tools.postgresql),
        clock=clock,
        scratch_directory=_scratch(settings),
        reads=settings.source,
    )
    publisher = ProgressPublisher(ground.producer, service=SERVICE, clock=clock, new_id=random_id)
    pace = Pace()
    handlers = Handlers(queue, environments, NightReactions(ground.events, pace))
    follower = EventFollower(
        SERVICE,
        ground.database,
        settings.kafka,
        handlers.reactions(),
        unfollowed=[f"{SERVICE}/slot/", f"{SERVICE}/schedule/"],
    )
    worker = Worker(queue, kinds(parts), settings.worker, Reporter(publisher), may_begin=follower.replayed)
    scheduler = NightScheduler(ground.database, queue, ground.events, ground.producer, clock, pace)
    health.ready_when("log followed", follower.replayed)
    return [ground.relay.run(), follower.run(), worker.run(), scheduler.run()]


def _scratch(settings: SnapshotSettings) -> Path:
    directory = settings.scratch_directory or Path(tempfile.gettempdir()) / "nightkeep-snapshot"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory

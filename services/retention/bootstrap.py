"""Wires the retention service, readable from top to bottom."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from services.platform.database import migrate
from services.platform.eventstore.relay import OutboxRelay
from services.platform.foundation import Foundation
from services.platform.jobs import JobKind, JobQueue, Worker
from services.platform.messaging.follower import EventFollower
from services.platform.process.clock import open_clock
from services.platform.process.health import Health
from services.platform.process.ids import random_id
from services.platform.process.service import Task
from services.platform.repository import Repository
from services.platform.repository.opening import open_bucket
from services.retention.asking import Asking
from services.retention.chores import CHECK, CONDEMN, DELETE, FORGET, RECLAIM, SHRED, Chores
from services.retention.handlers import Handlers
from services.retention.parts import SERVICE, Parts
from services.retention.patrol import Patrol
from services.retention.settings import RetentionServiceSettings
from services.retention.sweeping import Sweep
from services.retention.work.checking import CheckJob
from services.retention.work.deleting import DeletionJob
from services.retention.work.forgetting import ForgettingJob
from services.retention.work.reclaiming import CondemningJob, ReclaimJob
from services.retention.work.shredding import ShreddingJob


@dataclass(frozen=True)
class Retention:
    """The service, wired. `sweep.now()` sweeps at once; `tasks()` is everything that runs beside it."""

    sweep: Sweep
    follower: EventFollower
    patrol: Patrol
    worker: Worker
    checker: Worker
    relay: OutboxRelay

    def tasks(self) -> Sequence[Task]:
        """What runs for ever."""
        working = (self.worker.run(), self.checker.run())
        return [self.relay.run(), self.follower.run(), *working, self.patrol.run(self.follower.replayed)]


async def bootstrap(stack: AsyncExitStack, settings: RetentionServiceSettings, health: Health) -> Sequence[Task]:
    """Open everything. Raises a TransientError while an engine is not there, a PermanentError for an unsafe store."""
    retention = await wire(stack, settings)
    health.ready_when("log followed", retention.follower.replayed)
    return retention.tasks()


async def wire(
    stack: AsyncExitStack, settings: RetentionServiceSettings, repository: Repository | None = None
) -> Retention:
    """The same, in parts; with a `repository` instead of the one that the settings name. Raises as `bootstrap`."""
    own, clock = settings.retention, open_clock(settings.clock)
    ground = await Foundation.open(stack, settings, SERVICE)
    await migrate(ground.database, "services.retention", SERVICE)
    queue = await JobQueue.open(ground.database)
    if repository is None:
        bucket = await stack.enter_async_context(
            open_bucket(settings.s3, settings.repository, settings.wraps, random_id)
        )
        repository = bucket.repository(random_id)
    stay, check_every = timedelta(days=own.tombstone_days), timedelta(hours=own.check_interval_hours)
    parts = Parts(ground.database, ground.events, repository, clock, stay, check_every)
    kinds: dict[str, JobKind] = {
        DELETE: DeletionJob(parts),
        FORGET: ForgettingJob(parts),
        CONDEMN: CondemningJob(parts),
        RECLAIM: ReclaimJob(parts),
        SHRED: ShreddingJob(parts),
    }
    asking = Asking(ground.database, ground.producer, clock, own)
    sweep = Sweep(parts, asking, Chores(queue, own.check_read_percent if check_every else None), own)
    reactions = Handlers(queue, timedelta(hours=own.removal_grace_hours), check_every).reactions()
    follower = EventFollower(SERVICE, ground.database, settings.kafka, reactions, unfollowed=[f"{SERVICE}/"])
    alone = settings.worker.model_copy(update={"capacity": 1})
    return Retention(
        sweep=sweep,
        follower=follower,
        patrol=Patrol(sweep, asking, ground.database, clock, timedelta(minutes=own.sweep_interval_minutes)),
        worker=Worker(queue, kinds, settings.worker, may_begin=follower.replayed),
        # One at a time, and beside the others: it reads for hours, and nothing else waits for it.
        checker=Worker(queue, {CHECK: CheckJob(parts)}, alone, may_begin=follower.replayed),
        relay=ground.relay,
    )

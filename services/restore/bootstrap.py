"""Wires the restore service, readable from top to bottom."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from services.platform.connectors.database import PostgresTools
from services.platform.database import migrate
from services.platform.environments import Environments
from services.platform.foundation import Foundation
from services.platform.jobs import JobKind, JobQueue, Worker
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.progress import ProgressPublisher
from services.platform.parcels import Parcels
from services.platform.process.clock import SystemClock, open_clock
from services.platform.process.health import Health
from services.platform.process.ids import random_id
from services.platform.process.secrets import SecretDirectory
from services.platform.process.service import Task
from services.platform.repository.opening import open_bucket
from services.platform.webhooks import Receivers, SigningSecrets
from services.restore.adapters.hooks import Hooks
from services.restore.adapters.progress import RestoreProgress
from services.restore.handlers import HOOK, PREFLIGHT, REMOVE, RESTORE, UNDO, UPLOAD, Handlers
from services.restore.settings import RestoreSettings
from services.restore.work.asking import HookJob
from services.restore.work.preflighting import PreflightJob
from services.restore.work.removing import RemovalJob
from services.restore.work.restoring import RestoreJob
from services.restore.work.undoing import UndoJob
from services.restore.work.uploading import UploadJob
from services.restore.workplace import SERVICE, Workplace


async def bootstrap(stack: AsyncExitStack, settings: RestoreSettings, health: Health) -> Sequence[Task]:
    """Open what the service works with. Raises a TransientError while an engine is not there."""
    clock = open_clock(settings.clock)
    ground = await Foundation.open(stack, settings, SERVICE)
    environments = await Environments.open(ground.database)
    await migrate(ground.database, "services.restore", SERVICE)
    queue = await JobQueue.open(ground.database)
    bucket = await stack.enter_async_context(open_bucket(settings.s3, settings.repository, settings.wraps, random_id))

    secrets = SecretDirectory(settings.secrets_directory)
    workplace = Workplace(
        database=ground.database,
        events=ground.events,
        repository=bucket.repository(random_id),
        parcels=Parcels(bucket.store, bucket.wraps, random_id),
        secrets=secrets,
        hooks=Hooks(Receivers(settings.webhooks), SigningSecrets(secrets), SystemClock()),
        tools=PostgresTools(settings.tools.postgresql),
        scratch=settings.scratch_directory,
        clock=clock,
    )
    kinds: dict[str, JobKind] = {
        RESTORE: RestoreJob(workplace),
        UNDO: UndoJob(workplace),
        REMOVE: RemovalJob(workplace),
        PREFLIGHT: PreflightJob(workplace),
        UPLOAD: UploadJob(workplace),
    }
    progress = ProgressPublisher(ground.producer, service=SERVICE, clock=clock, new_id=random_id)
    follower = EventFollower(SERVICE, ground.database, settings.kafka, Handlers(queue, environments).reactions())
    worker = Worker(queue, kinds, settings.worker, RestoreProgress(progress), may_begin=follower.replayed)
    asking = Worker(queue, {HOOK: HookJob(workplace)}, settings.asking, may_begin=follower.replayed)

    health.ready_when("log followed", follower.replayed)
    return [ground.relay.run(), follower.run(), worker.run(), asking.run()]

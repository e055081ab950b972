"""Wires the gateway, readable from top to bottom."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from secrets import token_bytes

from services.gateway.adapters.access_log import AccessLog
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.alerts import AlertBook
from services.gateway.adapters.archives import ARCHIVE_JOB, Archives, link_key
from services.gateway.adapters.asked import Asked
from services.gateway.adapters.audit import Audit
from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.changes import Changes
from services.gateway.adapters.contents import BackupContents
from services.gateway.adapters.dead_letters import DeadLetterBox
from services.gateway.adapters.decisions import Decisions
from services.gateway.adapters.deliveries import WEBHOOK
from services.gateway.adapters.downloads import Downloads
from services.gateway.adapters.goodbye import Goodbye
from services.gateway.adapters.grants import Grants
from services.gateway.adapters.guessing import Guessing
from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keys import Keys
from services.gateway.adapters.openid import OpenId
from services.gateway.adapters.outcomes import OutcomeWatch
from services.gateway.adapters.parcels import ParcelDesk, remove_ended_for_ever
from services.gateway.adapters.people import People
from services.gateway.adapters.permits import Permits
from services.gateway.adapters.places import Places
from services.gateway.adapters.policies import Policies
from services.gateway.adapters.rates import Rates
from services.gateway.adapters.read_model import ReadModel
from services.gateway.adapters.renewals import Renewals
from services.gateway.adapters.sessions import Sessions
from services.gateway.adapters.steady import SteadyLists
from services.gateway.adapters.tide import Tide
from services.gateway.adapters.webhooks import Webhooks
from services.gateway.application import make_application
from services.gateway.archiving import ArchiveJob, Press, end_links_for_ever
from services.gateway.delivery import DeliveryJob
from services.gateway.domain.keys import secret_of_first_keys
from services.gateway.domain.links import KEY_BYTES
from services.gateway.domain.rates import Rate
from services.gateway.handlers import Handlers
from services.gateway.parts import Parts
from services.gateway.settings import SERVICE, GatewayServiceSettings
from services.platform.archives.deflate import encoder
from services.platform.archives.workshop import Workshop
from services.platform.database import migrate
from services.platform.foundation import Foundation
from services.platform.jobs import JobQueue, Worker
from services.platform.jobs.reporting import Reporter
from services.platform.messaging.follower import EventFollower
from services.platform.messaging.progress import ProgressPublisher, ProgressTail
from services.platform.parcels import Parcels
from services.platform.process.clock import SystemClock, open_clock
from services.platform.process.health import Health
from services.platform.process.http import serve
from services.platform.process.ids import random_id
from services.platform.process.secrets import SecretDirectory
from services.platform.process.service import Task
from services.platform.repository.opening import open_bucket_unseen
from services.platform.webhooks import Receivers, SigningSecrets


async def bootstrap(stack: AsyncExitStack, settings: GatewayServiceSettings, health: Health) -> Sequence[Task]:
    """Open what the gateway works with. Raises a TransientError while an engine or the read model is not there."""
    ground = await Foundation.open(stack, settings, SERVICE)
    database, clock = ground.database, open_clock(settings.clock)
    await migrate(database, "services.gateway", SERVICE)
    queue = await JobQueue.open(database)
    read_model = ReadModel(database)
    await read_model.must_be_there()
    progress = await stack.enter_async_context(ProgressTail.open(settings.kafka))

    outcomes = OutcomeWatch(database)
    goodbye = Goodbye()
    own = settings.gateway
    tide = Tide(database, goodbye, patience_seconds=own.read_your_writes_seconds, answer_seconds=own.answer_seconds)
    decisions = Decisions(ground.producer, outcomes, clock, goodbye, own.answer_seconds)
    bucket = await stack.enter_async_context(open_bucket_unseen(settings.s3, settings.repository, settings.wraps))
    repository = bucket.repository()
    workshop = stack.enter_context(Workshop.open())
    archives = Archives(
        database,
        ground.events,
        queue,
        clock=clock,
        encoder=await workshop.do(encoder),
        secret=await link_key(database, token_bytes(KEY_BYTES)),
    )
    link_seconds = own.archive_link_seconds
    secrets = SigningSecrets(SecretDirectory(settings.secrets_directory) if settings.secrets_directory else None)
    hashing, stream = Hashing(), AccessStream(ground.events)
    authenticator = Authenticator(database, time.monotonic, hashing, Guessing(time.monotonic))
    access_log = AccessLog(database, stream, clock, gather_seconds=own.access_gathered_seconds)
    places = Places(own.downloads_at_once, "backups and archives are being read")
    kept = Parcels(bucket.store, bucket.wraps, random_id)
    parcels = ParcelDesk(database, kept, part_bytes=own.parcel_part_bytes)
    parts = Parts(
        authenticator=authenticator,
        permits=Permits(database, tide),
        people=People(database, stream, authenticator, clock, hashing, secret_of_first_keys(archives.link_key)),
        keys=Keys(database, stream, authenticator, clock),
        grants=Grants(database, stream, authenticator, clock),
        access_log=access_log,
        rates=Rates(Rate(own.rate_per_second, own.rate_burst), time.monotonic),
        changes=Changes(decisions, tide),
        asked=Asked(database),
        read_model=read_model,
        audit=Audit(database),
        tide=tide,
        progress=progress,
        dead_letters=DeadLetterBox(settings.kafka),
        policies=Policies(database),
        alerts=AlertBook(database, ground.events, queue, clock),
        webhooks=Webhooks(database, queue, secrets, clock),
        clock=clock,
        archives=archives,
        renewals=Renewals(database, archives, decisions, link_seconds=link_seconds),
        downloads=Downloads(database, repository, archives, workshop=workshop, places=places),
        steady_lists=SteadyLists(database),
        contents=BackupContents(repository, workshop, places),
        parcels=parcels,
        parcel_places=Places(own.parcel_parts_at_once, "parts of files are being sent"),
        sessions=Sessions(database, stream, clock, hashing, Guessing(time.monotonic)),
        openid=OpenId(settings.openid, time.monotonic) if settings.openid else None,
        health=health,
        goodbye=goodbye,
        public_url=own.public_url,
        deployed_url=own.deployed_url,
    )
    health.ready_when("read model", read_model.is_there)
    application = make_application(parts, public_url=own.public_url)
    reactions = Handlers(parts.alerts, parcels, queue, archives).reactions()
    press = Press(database, repository, workshop, archives, decisions, clock, link_seconds)
    publisher = ProgressPublisher(ground.producer, service=SERVICE, clock=clock, new_id=random_id)
    delivering = DeliveryJob(Receivers(settings.webhooks), secrets, SystemClock())
    return [
        ground.relay.run(),
        EventFollower(SERVICE, database, settings.kafka, reactions, unfollowed=[f"{SERVICE}/"]).run(),
        Worker(queue, {WEBHOOK: delivering}, settings.delivering).run(),
        Worker(queue, {ARCHIVE_JOB: ArchiveJob(press)}, settings.archiving, Reporter(publisher)).run(),
        end_links_for_ever(archives, database, decisions),
        remove_ended_for_ever(parcels, parts.asked),
        _answer(
            serve(application, own.host, own.port),
            outcomes.run(),
            tide.run(),
            access_log.run(),
        ),
        _say_at_the_end(goodbye),
    ]


async def _answer(serving: Task, *needed: Task) -> None:
    """Serve until cancelled; what answers need, and what notes them, ends behind the last of them."""
    async with asyncio.TaskGroup() as group:
        for one in needed:
            group.create_task(one)
        await serving


async def _say_at_the_end(goodbye: Goodbye) -> None:
    """Event streams and whoever else is held end when the process is asked to, instead of holding it up."""
    try:
        await asyncio.Event().wait()
    finally:
        goodbye.say()

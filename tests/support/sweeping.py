"""Sweeps on a real database; the log, the command topic and the clock around them are in memory."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.codec import RawRecord, decode
from contracts.commands.retention import ExpireBackup
from contracts.envelope import Event, Message, event_envelope
from contracts.events.backups import BackupKind, BackupRequested
from contracts.topics import Topic
from services.platform.database import Database, migrate
from services.platform.eventstore.wiring import open_events
from services.platform.jobs import JobQueue
from services.platform.objectstore import ObjectStore
from services.platform.process.settings import PostgresSettings, RetentionSettings
from services.platform.repository import RepositoryV2
from services.retention.asking import Asking
from services.retention.chores import Chores
from services.retention.handlers import Handlers
from services.retention.parts import SERVICE, Parts
from services.retention.sweeping import Sweep
from tests.support.event_log import InMemoryEventLog
from tests.support.events import NOON, cause
from tests.support.histories import History

KEY = bytes(32)


@dataclass
class Hand:
    """A clock that is moved by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        """See Clock."""
        return self.at

    def on(self, **how_far: float) -> datetime:
        """Forwards, in the words of timedelta; backwards below zero."""
        self.at += timedelta(**how_far)
        return self.at


@dataclass
class Commands:
    """The command topic: what was sent, in order."""

    sent: list[Message[ExpireBackup]] = field(default_factory=list)
    records: list[RawRecord] = field(default_factory=list)

    async def send_batch(self, topic: Topic, records: Sequence[RawRecord]) -> tuple[()]:
        """See Producer."""
        assert topic is Topic.COMMANDS
        self.records += records
        self.sent += [decode(record) for record in records]  # type: ignore[misc]  # -- nothing else is sent
        return ()


@dataclass
class Sweeps:
    """A retention service without its surroundings."""

    database: Database
    parts: Parts
    sweep: Sweep
    asking: Asking
    queue: JobQueue
    clock: Hand
    commands: Commands
    handlers: Handlers
    app_id: UUID = field(default_factory=uuid4)

    async def hear(self, *bodies: Event) -> None:
        """What the log tells, each with the clock's present time."""
        reactions = self.handlers.reactions()
        for body in bodies:
            envelope = event_envelope(
                event_id=uuid4(),
                service="catalog",
                stream=f"catalog/any/{uuid4()}",
                sequence=1,
                key=str(self.app_id),
                time=self.clock.now(),
                cause=cause(),
            )
            async with self.database.transaction() as c:
                await reactions[type(body)](c, Message(envelope, body))

    async def row(self, backup_id: UUID) -> dict[str, Any]:
        """What is known of a backup."""
        async with self.database.transaction() as c:
            return dict(await c.fetchrow("SELECT * FROM backup WHERE backup_id = $1", backup_id) or {})

    async def said(self) -> list[dict[str, Any]]:
        """The events that the service has appended, in order: their data."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT body FROM event ORDER BY position")
        return [json.loads(row["body"]) for row in rows]

    async def jobs(self) -> list[str]:
        """The kinds of the jobs that were put, in order."""
        async with self.database.transaction() as c:
            return [row["kind"] for row in await c.fetch("SELECT kind FROM job ORDER BY position")]

    def asked(self) -> list[UUID]:
        """The backups of all commands so far."""
        return [message.body.backup_id for message in self.commands.sent]


def requested(environment_id: UUID, created_at: datetime, expires_at: datetime | None) -> BackupRequested:
    """A backup that the catalog has accepted."""
    return BackupRequested(
        backup_id=uuid4(),
        environment_id=environment_id,
        app_id=uuid4(),
        kind=BackupKind.NIGHTLY,
        created_at=created_at,
        created_by="Nightly",
        comment="Nightly backup",
        model_version="7.1.0",
        slot_date=created_at.date(),
        calendar_offset="+01:00",
        tiers=(),
        expires_at=expires_at,
        policy="classic",
        policy_version=1,
    )


def completed(body: BackupRequested) -> Event:
    """It went well."""
    return History().body("BackupCompleted", backup_id=body.backup_id, environment_id=body.environment_id)


async def backed_up(sweeps: Sweeps, environment_id: UUID, *days: float | None) -> list[UUID]:
    """Completed backups of an environment, the last the newest, that expire so many days after noon."""
    expiries = [None if n is None else NOON + timedelta(days=n) for n in days]
    bodies = [requested(environment_id, NOON + timedelta(microseconds=place), at) for place, at in enumerate(expiries)]
    for body in bodies:
        await sweeps.hear(body, completed(body))
    return [body.backup_id for body in bodies]


NO_CHECKS = RetentionSettings(check_interval_hours=0)
"""A test of sweeps counts the jobs that they put."""


@asynccontextmanager
async def open_sweeps(
    settings: PostgresSettings,
    store: ObjectStore,
    own: RetentionSettings = NO_CHECKS,
    commands: Commands | None = None,
) -> AsyncIterator[Sweeps]:
    """A service in a fresh schema, at noon."""
    clock, commands, log = Hand(), commands or Commands(), InMemoryEventLog()
    database = await Database.open(settings, schema=SERVICE)
    try:
        events, _relay = await open_events(database, SERVICE, log.publish, log)
        await migrate(database, "services.retention", SERVICE)
        queue = await JobQueue.open(database)
        stay, check_every = timedelta(days=own.tombstone_days), timedelta(hours=own.check_interval_hours)
        parts = Parts(database, events, RepositoryV2(store, KEY), clock, stay, check_every)
        asking = Asking(database, commands, clock, own)  # type: ignore[arg-type]  # -- as much of a producer as it needs
        sweep = Sweep(parts, asking, Chores(queue, own.check_read_percent if check_every else None), own)
        handlers = Handlers(queue, timedelta(hours=own.removal_grace_hours), check_every)
        yield Sweeps(database, parts, sweep, asking, queue, clock, commands, handlers)
    finally:
        await database.close()

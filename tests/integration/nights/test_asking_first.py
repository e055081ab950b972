"""Asking comes before working off: how far the scheduler lets accepted nights begin, turn by turn, without a log."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.codec import RawRecord, decode
from contracts.commands.backups import RequestBackup
from contracts.envelope import Event, Message, event_envelope
from contracts.events.backups import BackupKind, BackupRequested, Tier
from contracts.topics import Topic
from services.platform.database import Database, migrate
from services.platform.environments import Environments
from services.platform.eventstore.relay import OutboxRelay
from services.platform.eventstore.wiring import open_events
from services.platform.jobs import JobQueue
from services.snapshot.domain.pacing import Pace
from services.snapshot.handlers import Handlers
from services.snapshot.nights.reactions import NightReactions
from services.snapshot.nights.rows import PACKAGE
from services.snapshot.nights.scheduler import NightScheduler
from tests.support.databases import FreshDatabase
from tests.support.event_log import InMemoryEventLog
from tests.support.events import cause, registered
from tests.support.moved_clock import MovedBy
from tests.support.nights import BEGINS

WINDOW = 2
"""Commands that may be unanswered at once."""
HALF_A_DAY = timedelta(hours=12)


@dataclass
class Asked:
    """What would be on the command topic."""

    commands: list[RequestBackup] = field(default_factory=list)

    async def send_batch(self, topic: Topic, records: Sequence[RawRecord]) -> tuple[()]:
        """See Producer; nobody here wants to know the places."""
        assert topic is Topic.COMMANDS
        self.commands += [body for record in records if isinstance(body := decode(record).body, RequestBackup)]
        return ()


@dataclass
class Nights:
    """A scheduler whose turns a test takes, and the log that the test tells."""

    database: Database
    queue: JobQueue
    handlers: Handlers
    scheduler: NightScheduler
    clock: MovedBy
    asked: Asked
    relay: OutboxRelay

    async def tell(self, body: Event) -> None:
        """Let the service hear of an event."""
        envelope = event_envelope(
            event_id=uuid4(),
            service="catalog",
            stream=f"catalog/test/{uuid4()}",
            sequence=1,
            key="app",
            time=self.clock.now(),
            cause=cause(),
        )
        async with self.database.transaction() as c:
            await self.handlers.reactions()[type(body)](c, Message(envelope, body))

    async def due(self, count: int) -> None:
        """So many environments whose slot is due, and none of them is asked for."""
        for _ in range(count):
            await self.tell(registered(uuid4(), uuid4()))
        await self.scheduler.turn()
        self.clock.on(seconds=HALF_A_DAY.total_seconds())

    async def held(self) -> dict[UUID, bool]:
        """The backups to take, and whether each waits for the asking."""
        async with self.database.transaction() as c:
            rows = await c.fetch("SELECT job_id, held_by IS NOT NULL AS held FROM job WHERE kind = 'backup'")
        return {row["job_id"]: row["held"] for row in rows}

    async def put_long_ago(self) -> None:
        """Let the accepted ones have waited for an hour."""
        async with self.database.transaction() as c:
            await c.execute("UPDATE job SET created_at = created_at - interval '1 hour'")


@pytest.fixture
async def nights(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Nights]:
    database, log = await Database.open(fresh_database("snapshot")), InMemoryEventLog()
    events, relay = await open_events(database, "snapshot", log.publish, log)
    environments = await Environments.open(database)
    await migrate(database, "services.snapshot", "snapshot")
    await migrate(database, PACKAGE, "snapshot")
    queue, pace, asked, clock = (
        await JobQueue.open(database),
        Pace(most=WINDOW),
        Asked(),
        MovedBy(tmp_path / "moved-by"),
    )
    clock.to(BEGINS)
    told: Any = asked
    scheduler = NightScheduler(database, queue, events, told, clock, pace)
    handlers = Handlers(queue, environments, NightReactions(events, pace))
    yield Nights(database, queue, handlers, scheduler, clock, asked, relay)
    await database.close()


def accepted(asked: RequestBackup, now: datetime) -> BackupRequested:
    """What the catalog says to a command."""
    slot = asked.slot
    return BackupRequested(
        backup_id=asked.backup_id,
        environment_id=asked.environment_id,
        app_id=uuid4(),
        kind=BackupKind.NIGHTLY if slot else BackupKind.ON_DEMAND,
        created_at=now,
        created_by="Nightly",
        comment="",
        model_version=None,
        slot_date=now.date(),
        calendar_offset="+01:00",
        tiers=(Tier.DAILY,),
        expires_at=now,
        policy="standard",
        policy_version=1,
        slot=slot,
    )


async def test_accepted_nights_wait_until_all_that_are_due_are_asked_for_and_a_person_does_not(nights: Nights) -> None:
    await nights.due(WINDOW + 1)
    await nights.scheduler.turn()
    first, second = nights.asked.commands
    await nights.tell(accepted(first, nights.clock.now()))
    persons = RequestBackup(backup_id=uuid4(), environment_id=first.environment_id, comment="")
    await nights.tell(accepted(persons, nights.clock.now()))
    await nights.scheduler.turn()
    assert len(nights.asked.commands) == WINDOW + 1
    assert await nights.held() == {first.backup_id: True, persons.backup_id: False}
    await nights.tell(accepted(second, nights.clock.now()))
    await nights.scheduler.turn()
    assert not any((await nights.held()).values())


async def test_where_asking_takes_long_what_has_waited_long_begins(nights: Nights) -> None:
    await nights.due(WINDOW * 3)
    await nights.scheduler.turn()
    first, second = nights.asked.commands
    await nights.tell(accepted(first, nights.clock.now()))
    await nights.put_long_ago()
    await nights.tell(accepted(second, nights.clock.now()))
    await nights.scheduler.turn()
    assert await nights.held() == {first.backup_id: False, second.backup_id: True}


async def test_a_night_is_asked_for_when_the_log_has_how_the_environments_earlier_ones_ended(nights: Nights) -> None:
    await nights.tell(registered(uuid4(), uuid4()))
    await nights.scheduler.turn()
    nights.clock.on(days=2)
    await nights.scheduler.turn()
    assert not nights.asked.commands
    await nights.relay.publish_batch()
    await nights.scheduler.turn()
    (command,) = nights.asked.commands
    assert command.slot is not None
    assert command.slot.slot_date == BEGINS.date() + timedelta(days=1)

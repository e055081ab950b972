"""The read model notes every event of the log for an auditor, whoever said it and in whatever order it was read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from contracts.codec import RawRecord, decode
from contracts.envelope import Kind
from contracts.registry import BODIES
from services.catalog.projection.keeper import Projection
from services.platform.database import Database, migrate
from services.platform.messaging.records import Place, Received
from tests.support.databases import FreshDatabase
from tests.support.events import NOON, event
from tests.support.histories import History


@dataclass
class Auditing:
    """A read model that is given records without a broker between."""

    database: Database
    projection: Projection
    given: int = 0

    async def read(self, *records: RawRecord) -> None:
        received = [
            Received(self.projection.topic, Place(0, place), NOON, record)
            for place, record in enumerate(records, self.given)
        ]
        self.given += len(records)
        await self.projection.apply(received)

    async def entries(self) -> list[dict[str, Any]]:
        async with self.database.transaction() as c:
            return [{**row["document"], **dict(row)} for row in await c.fetch("SELECT * FROM read.audit")]

    async def entry(self, what: str) -> dict[str, Any]:
        (found,) = [one for one in await self.entries() if one["what"] == what]
        return found


@pytest.fixture
async def auditing(fresh_database: FreshDatabase) -> AsyncIterator[Auditing]:
    async with AsyncExitStack() as stack:
        database = await Database.open(fresh_database("catalog"))
        stack.push_async_callback(database.close)
        await migrate(database, "services.platform.eventstore", "catalog")
        await migrate(database, "services.catalog.projection", "read")
        yield Auditing(database, Projection(database, "events"))


async def test_every_event_that_there_is_becomes_an_entry(auditing: Auditing) -> None:
    history = History()
    shown = [*history.registered(), *history.backed_up(), *history.restored(), *history.let_go()]
    seen = {type(decode(record).body).__name__ for record in shown}
    others = sorted(name for kind, name in BODIES if kind is Kind.EVENT and name not in seen)
    await auditing.read(*shown, *(History().record(f"elsewhere/{name}/{uuid4()}", name) for name in others))

    entries = await auditing.entries()

    assert {one["what"] for one in entries} == seen | set(others)
    assert len(entries) == len(shown) + len(others)
    assert {one["event_id"] for one in entries} >= {decode(record).envelope.id for record in shown}


async def test_an_entry_says_who_asked_for_what_where_and_what_it_follows_from(auditing: Auditing) -> None:
    history = History()
    records = [*history.registered(), *history.backed_up()]
    await auditing.read(*records)

    entry, said = await auditing.entry("BackupRequested"), decode(records[5]).envelope

    assert (entry["actor"], entry["actor_verified"], entry["said_by"]) == ("user:ada", True, "catalog")
    assert (entry["app_id"], entry["environment_id"]) == (history.app_id, history.environment_id)
    assert (entry["stream"], entry["sequence"]) == (f"catalog/backup/{history.backup_id}", 1)
    assert (entry["correlation_id"], entry["causation_id"]) == (said.correlation_id, str(said.causation_id))
    assert entry["ids"]["backup_id"] == str(history.backup_id)
    assert (await auditing.entry("BackupCommented"))["told"] == {"comment": "after the fact"}


async def test_what_goes_says_by_which_rule_it_was_kept_until_then(auditing: Auditing) -> None:
    history = History()
    await auditing.read(*history.registered(), *history.backed_up(), *history.let_go())

    asked, gone = await auditing.entry("BackupRequested"), await auditing.entry("BackupExpired")

    assert asked["rule"] == {}
    assert gone["rule"] == {name: asked["told"][name] for name in gone["rule"]}
    assert {"policy", "policy_version", "rule_version", "expires_at"} <= gone["rule"].keys()
    assert (await auditing.entry("BackupDeleted"))["rule"] == gone["rule"]


async def test_a_field_of_any_length_makes_no_long_entry(auditing: Auditing) -> None:
    history = History()
    await auditing.read(
        *history.registered(),
        history.record(f"catalog/backup/{history.backup_id}", "BackupRequested"),
        history.record(f"snapshot/backup/{history.backup_id}", "BackupFailed", reason="x" * 9999),
    )

    entry = await auditing.entry("BackupFailed")

    assert entry["left_out"] == ["reason"]
    assert "reason" not in entry["told"]


async def test_what_the_gateway_says_of_an_environment_lies_in_its_app_whichever_is_read_first(
    auditing: Auditing,
) -> None:
    history = History()
    place = {"kind": "environment", "id": str(history.environment_id)}
    user = f"gateway/access/{uuid4()}"
    granted = event(history.body("AccessGranted", place=place), user, 1)
    used = event(history.body("RightUsed", things={"environment_id": str(history.environment_id)}), user, 2)

    await auditing.read(granted, *history.registered(), used)

    for what in ("AccessGranted", "RightUsed"):
        entry = await auditing.entry(what)
        assert (entry["app_id"], entry["environment_id"]) == (history.app_id, history.environment_id)
        assert user.endswith(entry["access_of"])
    assert (await auditing.entry("RightUsed"))["key_id"]


class Slow:
    """A database whose transactions are written and wait for leave to commit, as one of a busy replica does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.written, self.may_commit = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def transaction(self, *seam: Any) -> AsyncIterator[Any]:  # noqa: ANN401 -- as Database.transaction
        async with self._database.transaction(*seam) as c:
            yield c
            self.written.set()
            await self.may_commit.wait()


async def test_an_entry_has_its_app_although_another_replica_notes_the_environment_meanwhile(
    auditing: Auditing,
) -> None:
    history = History()
    used = event(
        history.body("RightUsed", things={"environment_id": str(history.environment_id)}), "gateway/access/x", 1
    )
    slow: Any = Slow(auditing.database)
    received = Received(auditing.projection.topic, Place(1, 0), NOON, used)
    early = asyncio.create_task(Projection(slow, auditing.projection.topic).apply([received]))
    await slow.written.wait()
    other = asyncio.create_task(auditing.read(*history.registered()))
    await asyncio.wait({other}, timeout=2)
    slow.may_commit.set()
    await asyncio.gather(early, other)
    assert (await auditing.entry("RightUsed"))["app_id"] == history.app_id


async def test_a_refusal_that_comes_twice_is_one_entry(auditing: Auditing) -> None:
    refused = History().record(f"catalog/command/{uuid4()}", "CommandRejected")

    await auditing.read(refused)
    await auditing.read(refused)

    assert (await auditing.entry("CommandRejected"))["told"]["reason"]

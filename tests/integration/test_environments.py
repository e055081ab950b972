"""A service's own copy of where environments are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts.envelope import Cause, Event, Message, event_envelope
from contracts.events.apps import EnvironmentRemoved, EnvironmentUpdated
from contracts.values import S3Files, UtcSchedule
from services.platform.database import Database
from services.platform.environments import Environments, find_many
from tests.support.databases import FreshDatabase
from tests.support.events import registered


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    database = await Database.open(fresh_database("restore"))
    yield database
    await database.close()


@pytest.fixture
async def environments(database: Database) -> Environments:
    await Environments.open(database)
    return await Environments.open(database)


def message(body: Event) -> Message[Event]:
    envelope = event_envelope(
        event_id=uuid4(),
        service="catalog",
        stream="catalog/environment/x",
        sequence=1,
        key="x",
        time=datetime(2026, 11, 24, tzinfo=UTC),
        cause=Cause(correlation_id=uuid4(), causation_id=uuid4(), actor="somebody", actor_verified=True),
    )
    return Message(envelope, body)


async def react(environments: Environments, database: Database, body: Event) -> None:
    async with database.transaction() as c:
        await environments.reactions()[type(body)](c, message(body))


async def test_an_environment_is_found_as_the_log_described_it(environments: Environments, database: Database) -> None:
    event = registered(uuid4(), uuid4())
    await react(environments, database, event)
    async with database.transaction() as c:
        found = await environments.find(c, event.environment_id)
        assert await environments.find(c, uuid4()) is None
    assert found is not None
    assert (found.environment_id, found.app_id, found.name) == (event.environment_id, event.app_id, "Production")
    assert (found.mode, found.region, found.cloud_version) == (event.mode, event.region, event.cloud_version)
    assert (found.places.database, found.places.files) == (event.database, event.files)
    assert found.places.documents_query == event.documents_query
    assert found.host == "db.example.org:5432"
    assert found.key == str(event.app_id)


async def test_an_update_replaces_all_that_was_known(environments: Environments, database: Database) -> None:
    event = registered(uuid4(), uuid4())
    files = S3Files(bucket="documents", prefix="app", credentials="secret:bucket")
    changed = event.model_copy(update={"name": "Live", "files": files, "documents_query": None})
    await react(environments, database, event)
    await react(environments, database, EnvironmentUpdated.model_validate(changed.model_dump()))
    async with database.transaction() as c:
        found = await environments.find(c, event.environment_id)
    assert found is not None
    assert (found.name, found.places.files, found.places.documents_query) == ("Live", files, None)


async def test_a_removed_environment_is_found_by_who_tidies_up_alone(
    environments: Environments, database: Database
) -> None:
    event = registered(uuid4(), uuid4())
    await react(environments, database, event)
    await react(environments, database, EnvironmentRemoved(app_id=event.app_id, environment_id=event.environment_id))
    async with database.transaction() as c:
        assert await environments.find(c, event.environment_id) is None
        found = await environments.find(c, event.environment_id, even_removed=True)
    assert found is not None
    assert found.places.files == event.files


async def test_its_own_schedule_is_known_too(environments: Environments, database: Database) -> None:
    event = registered(uuid4(), uuid4()).model_copy(update={"schedule": UtcSchedule(at="03:30")})
    await react(environments, database, event)
    async with database.transaction() as c:
        found = await environments.find(c, event.environment_id)
    assert found is not None
    assert found.schedule == UtcSchedule(at="03:30")


async def test_several_are_found_at_once_without_those_that_are_gone(
    environments: Environments, database: Database
) -> None:
    app_id, ids = uuid4(), [uuid4() for _ in range(3)]
    for environment_id in ids:
        await react(environments, database, registered(environment_id, app_id))
    await react(environments, database, EnvironmentRemoved(app_id=app_id, environment_id=ids[1]))
    async with database.transaction() as c:
        found = await find_many(c, [*ids, uuid4()])
    assert found.keys() == {ids[0], ids[2]}
    assert found[ids[0]].environment_id == ids[0]

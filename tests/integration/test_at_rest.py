"""Whoever looks whether all has come to rest is not told so between two looks, while work goes from hand to hand."""

import asyncio
from typing import Final

import pytest

from services.platform.database import Database, migrate
from services.platform.process.settings import PostgresSettings
from tests.soak.witness import APPENDING, FOLLOWING, WORKING, at_rest
from tests.support.databases import FreshDatabase, execute

LOOKS: Final = 20
STARTS: Final = (
    (
        "INSERT INTO snapshot.job (job_id, kind, environment_id, host, key, payload, cause)"
        " VALUES (gen_random_uuid(), 'check', gen_random_uuid(), '', '', '{}', '{}')"
    ),
    "CREATE TABLE enough ()",
    *(
        f"INSERT INTO {schema}.consumer_offset VALUES ('{consumer}', 'a.events', 0, 0)"  # noqa: S608 -- names from there
        for schema, consumer in FOLLOWING
    ),
)
TAKES: Final = "; ".join(
    f"UPDATE {schema}.consumer_offset SET next_offset = turn + 1 WHERE consumer = '{consumer}'"  # noqa: S608 -- names from there
    for schema, consumer in FOLLOWING
)
HANDS: Final = f"""
    DO $$ BEGIN
    FOR turn IN 1..1000000000 LOOP
        EXIT WHEN EXISTS (SELECT FROM enough);
        UPDATE snapshot.job SET state = 'completed', ended_at = now();
        INSERT INTO snapshot.event (event_id, stream, sequence, key, headers, body)
            VALUES (gen_random_uuid(), 'check', turn, '', '{{}}', '');
        COMMIT;
        UPDATE snapshot.event SET published_at = now(), log_partition = 0, log_offset = turn
            WHERE stream = 'check' AND sequence = turn;
        COMMIT;
        UPDATE snapshot.job SET state = 'waiting', ended_at = NULL;
        {TAKES};
        COMMIT;
    END LOOP;
    END $$
"""  # noqa: S608 -- names from there
"""A job's event waits to be published, then to be taken, and who takes it puts the next job."""


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> PostgresSettings:
    for schema in APPENDING:
        opened = await Database.open(fresh_database(schema))
        await migrate(opened, "services.platform.eventstore", schema)
        if schema in WORKING:
            await migrate(opened, "services.platform.jobs", schema)
        await opened.close()
    return fresh_database()


async def test_work_that_goes_from_hand_to_hand_is_never_at_rest(database: PostgresSettings) -> None:
    assert at_rest(database) == "0"
    execute(database, *STARTS)
    going = asyncio.create_task(asyncio.to_thread(execute, database, HANDS))
    try:
        seen = [await asyncio.to_thread(at_rest, database) for _ in range(LOOKS)]
    finally:
        execute(database, "INSERT INTO enough DEFAULT VALUES")
        await going
    assert set(seen) == {""}

"""An engine that is frozen or killed is so with everything that it started: PostgreSQL's sessions are processes."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import psutil
import pytest

from infra.local.engines.postgres import Postgres
from infra.local.ports import free_port
from tests.soak.engines import Machine, machine_of
from tests.support.local_engines import engine_directory, postgres_settings_of


@pytest.fixture
def engine() -> Iterator[Postgres]:
    with engine_directory() as directory:
        yield Postgres(directory, free_port(), password="of-a-test")  # noqa: S106 -- of a test


@pytest.fixture
def machine(engine: Postgres) -> Iterator[Machine]:
    with machine_of(engine) as machine:
        yield machine


@pytest.fixture
async def session(engine: Postgres, machine: Machine) -> AsyncIterator[asyncpg.Connection]:
    where = postgres_settings_of(engine)
    assert machine.process.poll() is None
    opened = await asyncpg.connect(
        host=where.host,
        port=where.port,
        user=where.user,
        password=where.password.get_secret_value(),
        database="postgres",
    )
    yield opened
    opened.terminate()


async def test_a_session_that_was_there_before_is_frozen_and_goes_on(
    machine: Machine, session: asyncpg.Connection
) -> None:
    machine.freeze()
    asking = asyncio.create_task(session.fetchval("SELECT 1"))
    done, _ = await asyncio.wait([asking], timeout=1)
    machine.thaw()

    assert not done
    assert await asking == 1


async def test_a_session_in_a_long_query_is_gone_when_its_server_is_killed_and_the_next_starts(
    machine: Machine, session: asyncpg.Connection
) -> None:
    server = psutil.Process(session.get_server_pid())
    asking = asyncio.create_task(session.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
    await asyncio.sleep(0.2)

    machine.kill()
    assert not server.is_running()
    machine.again()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await asking

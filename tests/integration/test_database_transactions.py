"""Transactions, locks and notifications on a real PostgreSQL."""

import asyncio
import json
import signal
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.platform.database import (
    ConflictError,
    Connection,
    Database,
    DatabaseUnavailableError,
    load_queries,
    migrate,
    silent_sessions_ended,
)
from services.platform.process.settings import PostgresSettings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.starting import ROOT


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    opened = await Database.open(fresh_database("catalog"))
    async with opened.transaction() as c:
        await c.execute("CREATE TABLE thing (id int CONSTRAINT one_thing PRIMARY KEY, note jsonb)")
    yield opened
    await opened.close()


async def _count(database: Database) -> int:
    async with database.transaction() as c:
        return int(await c.fetchval("SELECT count(*) FROM thing"))


async def _end_other_sessions(database: Database) -> None:
    async with database.transaction() as c:
        await c.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"  # a worker of autovacuum is not ours to end
        )


async def test_a_service_works_in_the_schema_named_like_its_role(database: Database) -> None:
    async with database.transaction() as c:
        assert await c.fetchval("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'thing'") == (
            "catalog"
        )


async def test_those_who_come_at_once_share_few_connections(database: Database) -> None:
    async def look() -> int:
        async with database.look() as c:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'catalog'"
            return int(await c.fetchval(query))

    assert max(await asyncio.gather(*(look() for _ in range(50)))) <= 2


async def test_who_finds_all_connections_busy_is_given_another_one(database: Database) -> None:
    async with database.transaction(), database.transaction(), database.transaction() as c:
        assert await c.fetchval("SELECT true")


@asynccontextmanager
async def _letting_in_one(server: PostgresSettings) -> AsyncIterator[PostgresSettings]:
    """A server that serves the first who comes, and never answers the others."""
    let_in = list[StreamWriter]()

    async def come(reader: StreamReader, writer: StreamWriter) -> None:
        let_in.append(writer)
        if len(let_in) == 1:
            theirs, ours = await asyncio.open_connection(server.host, server.port)
            let_in.append(ours)
            await asyncio.gather(_copied(reader, ours), _copied(theirs, writer), return_exceptions=True)

    async with await asyncio.start_server(come, "127.0.0.1") as door:
        yield server.model_copy(update={"port": door.sockets[0].getsockname()[1]})
        for writer in let_in:
            writer.close()


async def _copied(source: StreamReader, target: StreamWriter) -> None:
    while piece := await source.read(65536):
        target.write(piece)


async def test_whoever_waits_for_a_server_that_lets_nobody_in_is_told_in_time(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(opened: Database) -> None:
        async with opened.look() as c:
            await c.execute("SELECT")

    async with _letting_in_one(fresh_database("catalog")) as only:
        opened = await Database.open(only)
        monkeypatch.setattr("services.platform.database.database.ACQUIRE_SECONDS", 1.0)
        async with opened.transaction(), asyncio.timeout(10):
            told = await asyncio.gather(*(look(opened) for _ in range(400)), return_exceptions=True)
        assert {type(one) for one in told} == {DatabaseUnavailableError}
        await opened.close()


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async def insert_and_fail() -> None:
        async with database.transaction() as c:
            await c.execute("INSERT INTO thing VALUES (1)")
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await insert_and_fail()
    assert await _count(database) == 0


async def test_a_look_sees_what_was_committed_and_holds_no_transaction_open(database: Database) -> None:
    async with database.transaction() as c:
        await c.execute("INSERT INTO thing VALUES (1)")
    async with database.look() as c:
        assert await c.fetchval("SELECT count(*) FROM thing") == 1
        assert not c.is_in_transaction()


async def test_a_named_statement_that_writes_is_refused_where_no_transaction_is(database: Database) -> None:
    await migrate(database, "services.platform.eventstore", "catalog")
    queries = load_queries("services.platform.eventstore")
    with pytest.raises(RuntimeError, match="forget_marks"):
        async with database.look() as c:
            await queries.forget_marks(c)
    with pytest.raises(RuntimeError, match="positions"):
        async with database.look() as c:
            [row async for row in queries.positions(c, consumer="catalog", streams=["of locked rows"])]


async def test_a_second_writer_of_the_same_key_is_told_which_rule_it_met(database: Database) -> None:
    async with database.transaction() as c:
        await c.execute("INSERT INTO thing VALUES (1)")
    with pytest.raises(ConflictError) as caught:
        async with database.transaction() as c:
            await c.execute("INSERT INTO thing VALUES (1)")
    assert caught.value.constraint == "one_thing"


async def test_two_transactions_that_wait_for_each_other_end_with_one_conflict(database: Database) -> None:
    async with database.transaction() as c:
        await c.execute("INSERT INTO thing VALUES (1), (2)")
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as c:
            await c.execute("SELECT FROM thing WHERE id = $1 FOR UPDATE", first)
            await both_hold_one.wait()
            await c.execute("SELECT FROM thing WHERE id = $1 FOR UPDATE", second)

    ended = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ended) == ["ConflictError", "NoneType"]


async def test_json_goes_in_and_comes_out_as_values(database: Database) -> None:
    note = {"documents": [1, 2], "name": "Grüße", "id": uuid4(), "none": None}
    async with database.transaction() as c:
        await c.execute("INSERT INTO thing VALUES (1, $1)", note)
        assert await c.fetchval("SELECT note FROM thing") == {**note, "id": str(note["id"])}


async def test_a_session_that_was_ended_is_a_transient_error_and_counts_as_a_loss(database: Database) -> None:
    before = database.generation
    with pytest.raises(DatabaseUnavailableError):
        async with database.transaction() as c:
            await c.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert database.generation > before
    assert await _count(database) == 0  # the next transaction has a new connection


async def test_an_idle_connection_that_is_lost_counts_as_a_loss_before_anybody_uses_it(database: Database) -> None:
    async with database.transaction(), database.transaction():
        pass  # two connections are in the pool now
    before = database.generation
    await _end_other_sessions(database)

    async def noticed() -> bool:
        return database.generation > before

    await eventually(noticed)


@pytest.mark.parametrize(
    "wrong",
    [{"port": 1}, {"host": "host.invalid"}, {"password": SecretStr("wrong")}, {"database": "none_such"}],
    ids=["nobody-listens", "no-such-host", "no-such-password", "no-such-database"],
)
async def test_a_server_that_does_not_let_us_in_yet_is_worth_another_try(
    fresh_database: FreshDatabase, wrong: dict[str, object]
) -> None:
    settings = fresh_database("catalog").model_copy(update=wrong)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await Database.open(settings)
    assert settings.password.get_secret_value() not in str(caught.value)


async def test_a_notification_wakes_at_commit_and_not_before(database: Database) -> None:
    async with database.listen("things") as notifications:
        async with database.transaction() as c:
            await c.execute("NOTIFY things")
            assert not await notifications.wait(0.05)
        assert await notifications.wait(60)
        assert not await notifications.wait(0.05)


async def test_a_listener_whose_connection_is_lost_is_told(database: Database) -> None:
    async with database.listen("things") as notifications:
        await _end_other_sessions(database)
        with pytest.raises(DatabaseUnavailableError):
            await notifications.wait(60)


async def test_what_a_lock_and_a_listener_leave_is_gone_for_the_next_user_of_their_connections(
    database: Database,
) -> None:
    left = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with database.locked("relay"), database.listen("things"):
        pass
    async with database.transaction() as one, database.transaction() as other:
        for c in (one, other):
            assert await c.fetchval("SHOW idle_session_timeout") == "0"
            assert await c.fetch("SELECT pg_listening_channels()") == []
            assert await c.fetchval(left) == 0


async def test_a_lock_has_one_holder_and_is_free_when_its_session_ends(
    database: Database, fresh_database: FreshDatabase
) -> None:
    async def is_free() -> bool:
        async with other.locked("relay") as place:
            return place is not None

    async def is_lost() -> bool:
        return held is not None and held.lost

    other = await Database.open(fresh_database("catalog"))
    async with database.locked("relay") as held:
        assert held is not None
        assert not await is_free()
        await _end_other_sessions(other)
        await eventually(is_free)
        await eventually(is_lost)
    assert await is_free()
    await other.close()


async def test_who_sleeps_within_a_transaction_keeps_nobody_waiting(
    database: Database, fresh_database: FreshDatabase
) -> None:
    async def sleep_and_insert() -> None:
        async with sleeper.transaction() as c:
            await c.execute("LOCK TABLE thing")
            assert await _count(database) == 0  # waits until the sleeper's session was ended
            await c.execute("INSERT INTO thing VALUES (1)")

    sleeper = await Database.open(_impatient(fresh_database))
    with pytest.raises(DatabaseUnavailableError):
        await sleep_and_insert()
    assert await _count(database) == 0
    await sleeper.close()


async def test_a_lock_stays_with_who_is_awake(database: Database, fresh_database: FreshDatabase) -> None:
    async def has_held_long() -> bool:
        async with database.transaction() as c:
            return bool(
                await c.fetchval(
                    "SELECT backend_start < now() - interval '6 seconds'"
                    " FROM pg_locks JOIN pg_stat_activity USING (pid)"
                    " WHERE locktype = 'advisory' AND datname = current_database()"
                )
            )

    holder = await Database.open(_impatient(fresh_database, silent_seconds=2.0))
    async with holder.locked("relay") as place:
        await eventually(has_held_long)
        assert place is not None
        assert not place.lost
    async with holder.transaction() as c:
        assert await c.fetchval("SHOW idle_session_timeout") == "0"
    await holder.close()


async def test_a_lock_is_free_when_its_holder_sleeps(database: Database, fresh_database: FreshDatabase) -> None:
    async def is_free() -> bool:
        async with database.locked("relay") as place:
            return place is not None

    process = await _holder(_impatient(fresh_database))
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    assert not await is_free()
    process.send_signal(signal.SIGSTOP)
    await eventually(is_free)
    process.send_signal(signal.SIGCONT)
    assert await process.stdout.readline() == b"lost\n"
    assert await process.wait() == 0


async def test_locks_of_who_sleeps_in_the_middle_of_a_statement_are_let_go_of(
    database: Database, fresh_database: FreshDatabase
) -> None:
    """The driver prepares a statement and executes it then: in between PostgreSQL takes the session for a busy one."""

    async def is_free() -> bool:
        async with database.transaction() as c:
            return bool(await c.fetchval("SELECT pg_try_advisory_xact_lock(1)"))

    async def sleep() -> None:
        async with sleeper.transaction() as c:
            await c.execute("SELECT pg_advisory_xact_lock(1)")
            await c.prepare("SELECT 1")
            await asyncio.sleep(2)
            assert not await is_free(), "no timeout ends it"
            async with silent_sessions_ended(database, 1.0):
                await eventually(is_free)

    sleeper = await Database.open(_impatient(fresh_database))
    with pytest.raises(DatabaseUnavailableError):
        await sleep()
    await sleeper.close()


async def test_who_is_busy_or_idle_is_not_taken_for_silent(database: Database) -> None:
    async with silent_sessions_ended(database, 0.2), database.listen("anything"), database.transaction() as c:
        await c.execute("SELECT pg_sleep(1)")
        await asyncio.sleep(1)
        assert await c.fetchval("SELECT 1") == 1


def _impatient(fresh_database: FreshDatabase, silent_seconds: float = 1.0) -> PostgresSettings:
    return fresh_database("catalog").model_copy(update={"silent_seconds": silent_seconds})


async def _holder(settings: PostgresSettings) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.lock_holder", cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    told = settings.model_dump(mode="json") | {"password": settings.password.get_secret_value()}
    process.stdin.write(json.dumps(told).encode() + b"\n")
    return process


async def test_verify_full_speaks_tls_and_refuses_a_foreign_authority(
    postgres17_tls: PostgresSettings, postgres: PostgresSettings
) -> None:
    database = await Database.open(postgres17_tls, schema="public")
    async with database.transaction() as c:
        assert await _speaks_tls(c)
    await database.close()
    with pytest.raises(DatabaseUnavailableError):
        await Database.open(postgres17_tls.model_copy(update={"ca_file": None, "sslmode": "verify-full"}))


async def _speaks_tls(c: Connection) -> bool:
    return bool(await c.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))

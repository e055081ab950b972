"""Putting the new database in the live one's place, and back again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from services.platform.connectors.database import Login
from services.platform.connectors.database.errors import MissingRightsError, SwitchError
from services.platform.connectors.database.switching import server
from services.platform.connectors.database.switching import switch as switching
from services.platform.process.errors import NightkeepError
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.eventually import eventually
from tests.support.restoring import connect, dump, load, properties, switch, target


async def test_open_sessions_are_ended_and_named_at_the_switch(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    archive = await load(into, await dump(source))
    session = await connect(destination, application="an old pool")
    (finding,) = [finding for finding in (await into.look(archive, 0)).findings if finding.code == "OPEN_SESSIONS"]
    assert "an old pool" in finding.message
    ended = await into.close()
    assert len(ended) == 1
    assert "an old pool" in ended[0]
    with pytest.raises(asyncpg.PostgresError, match="not currently accepting"):
        await connect(destination)
    await into.switch()
    with pytest.raises(asyncpg.PostgresError, match="not currently accepting"):
        await connect(destination)
    await into.allow_connections()
    assert destination.run("SELECT count(*) FROM customer") == "500"
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await session.execute("SELECT 1")
    await session.close()


async def test_a_session_that_may_not_be_ended_stops_the_switch_and_is_named(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    destination.run(f"ALTER ROLE {destination.role} CREATEDB", superuser=True)
    into = target(destination, tmp_path, provisioner=Login(destination.role, SecretStr(destination.password)))
    await load(into, await dump(source))
    session = await connect(destination, application="an admin", superuser=True)
    with pytest.raises(MissingRightsError, match="an admin"):
        await into.close()
    await into.allow_connections()
    await session.close()
    assert destination.run("SELECT count(*) FROM before") == "1"


async def test_the_switch_keeps_settings_rights_limit_and_comment_of_the_live_database(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    name, role, reader = destination.name, destination.role, destination.reader
    destination.run(
        f'ALTER DATABASE {name} SET search_path = "$user", public, "Zürich, or"',
        f"ALTER DATABASE {name} SET app.tenant = 'it''s \\ 7'",
        f"ALTER DATABASE {name} SET log_statement = 'ddl'",
        f"ALTER ROLE {role} IN DATABASE {name} SET work_mem = '77MB'",
        f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {reader} WITH GRANT OPTION",
        f"ALTER DATABASE {name} CONNECTION LIMIT 17",
        f"COMMENT ON DATABASE {name} IS 'the shop''s own'",
        superuser=True,
    )
    before = properties(destination)
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    after = properties(destination)
    assert after.pop("comment") == f"the shop's own [nightkeep restore {into.restore_id}]"
    assert before.pop("comment") == "the shop's own"
    assert after == before
    assert destination.run("SHOW app.tenant") == "it's \\ 7"


async def test_a_setting_that_the_provisioner_may_not_copy_is_named_without_its_value(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    destination.run(f"ALTER ROLE {destination.role} CREATEDB", superuser=True)
    destination.run(f"ALTER DATABASE {destination.name} SET log_statement = 'ddl'", superuser=True)
    into = target(destination, tmp_path, provisioner=Login(destination.role, SecretStr(destination.password)))
    await load(into, await dump(source))
    await into.close()
    (words,) = await into.switch()
    await into.allow_connections()
    assert "log_statement" in words
    assert "ddl" not in words


async def test_a_new_database_is_like_the_live_one_in_encoding_and_locale(
    postgres: PostgresSettings, source: AppDatabase, tmp_path: Path
) -> None:
    options = "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    with app_database(postgres, options) as destination:
        before = properties(destination)
        into = target(destination, tmp_path)
        await load(into, await dump(source))
        await switch(into)
        assert properties(destination) | {"comment": ""} == before


async def test_a_worker_of_an_earlier_epoch_that_wakes_up_late_fails_whole(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    restore_id, opened = uuid4(), await dump(source)
    late = target(destination, tmp_path, restore_id, epoch=1)
    await load(late, opened)
    await late.close()
    taken_over = target(destination, tmp_path, restore_id, epoch=2)
    await taken_over.drop_attempts()
    with pytest.raises(SwitchError):
        await late.switch()
    await taken_over.allow_connections()
    assert destination.run("SELECT count(*) FROM before") == "1"
    await load(taken_over, opened)
    await switch(taken_over)
    assert await taken_over.has_switched()
    with pytest.raises(NightkeepError):
        await late.switch()
    assert destination.run("SELECT count(*) FROM customer") == "500"


def databases_of(destination: AppDatabase, restore_id: UUID) -> str:
    """What a restore has made and not removed, line by line."""
    return destination.run(f"SELECT datname FROM pg_database WHERE datname LIKE '%{restore_id.hex}%'")  # noqa: S608 -- an id


async def test_a_worker_of_an_earlier_epoch_drops_nothing_of_a_later_one(
    destination: AppDatabase, tmp_path: Path
) -> None:
    restore_id = uuid4()
    late, taken_over = (target(destination, tmp_path, restore_id, epoch=epoch) for epoch in (9, 10))
    await late.create()
    await taken_over.drop_attempts()
    await taken_over.create()
    await late.drop_attempts()
    assert databases_of(destination, restore_id) == taken_over.name
    await taken_over.drop_attempts()


async def test_nobody_takes_over_from_a_worker_that_is_about_to_close_the_live_database(
    destination: AppDatabase, tmp_path: Path
) -> None:
    restore_id = uuid4()
    late, taken_over = (target(destination, tmp_path, restore_id, epoch=epoch) for epoch in (1, 2))
    await late.create()
    async with holding(destination):
        closing = asyncio.create_task(late.close())
        await eventually(lambda: waits(destination, f'ALTER DATABASE "{destination.name}"'))
        dropping = asyncio.create_task(taken_over.drop_attempts())

        async def has_come_to_wait() -> bool:
            return dropping.done() or await waits(destination, f'DROP DATABASE IF EXISTS "{late.name}"')

        await eventually(has_come_to_wait)
        assert not dropping.done(), "the worker that sleeps can still close what the other one has opened"
    await asyncio.gather(closing, dropping)
    await taken_over.allow_connections()
    with pytest.raises(SwitchError, match="nothing was closed"):
        await late.close()
    assert properties(destination)["open"] == "t"


async def test_a_worker_that_sleeps_in_its_switch_holds_nobody_up(
    destination: AppDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore_id, sleeps, wakes_up = uuid4(), Event(), Event()

    def sleep(_seam: str) -> None:
        sleeps.set()
        wakes_up.wait()

    late, taken_over = (target(destination, tmp_path, restore_id, epoch=epoch) for epoch in (1, 2))
    await late.create()
    await late.close()
    monkeypatch.setattr(server, "SILENT_SECONDS", 1)
    monkeypatch.setattr(switching, "before", sleep)
    sleeping = asyncio.create_task(asyncio.to_thread(asyncio.run, late.switch()))
    await asyncio.to_thread(sleeps.wait)
    try:
        async with asyncio.timeout(60):
            await taken_over.drop_attempts()
    finally:
        wakes_up.set()
    with pytest.raises(NightkeepError):
        await sleeping
    await taken_over.allow_connections()
    assert destination.run("SELECT count(*) FROM before") == "1"


async def test_what_a_worker_makes_that_wakes_up_late_goes_with_what_was_there_before(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    restore_id = uuid4()
    late, taken_over = (target(destination, tmp_path, restore_id, epoch=epoch) for epoch in (1, 2))
    await load(taken_over, await dump(source))
    await switch(taken_over)
    await late.create()
    assert await target(destination, tmp_path, restore_id).remove_previous()
    assert databases_of(destination, restore_id) == ""


async def test_an_undo_that_wakes_up_late_leaves_the_live_database_open(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    await into.close_for_undo()
    await into.switch_back()
    await into.allow_connections()
    await into.remove_undone()
    with pytest.raises(SwitchError, match="nothing was closed"):
        await into.close_for_undo()
    assert properties(destination)["open"] == "t"


@asynccontextmanager
async def holding(app: AppDatabase) -> AsyncIterator[None]:
    """Somebody changes the live database, and gives up at the end of the block."""
    session = await connect(app, superuser=True)
    try:
        await session.execute("BEGIN")
        await session.execute(f"ALTER DATABASE {app.name} CONNECTION LIMIT 50")
        yield
    finally:
        await session.close()


async def waits(app: AppDatabase, statement: str) -> bool:
    """Whether somebody who says this waits for somebody else."""
    query = f"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '{statement}%'"  # noqa: S608 -- names of this test
    return await asyncio.to_thread(app.run, query, superuser=True, database="postgres") != "0"


async def test_a_takeover_knows_by_the_comment_that_the_switch_happened(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    restore_id = uuid4()
    first = target(destination, tmp_path, restore_id, epoch=1)
    assert not await first.has_switched()
    await load(first, await dump(source))
    await first.close()
    await first.switch()
    second = target(destination, tmp_path, restore_id, epoch=2)
    await second.drop_attempts()
    assert await second.has_switched()
    await second.allow_connections()
    assert destination.run("SELECT count(*) FROM customer") == "500"


async def test_an_undo_brings_back_what_was_there_before(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    before = destination.as_text()
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    assert await into.can_switch_back()
    await into.close_for_undo()
    await into.switch_back()
    await into.allow_connections()
    assert destination.as_text() == before
    assert await into.has_switched_back()
    assert not await into.has_switched()
    await into.remove_undone()
    assert not await into.remove_previous()


async def test_a_second_restore_within_the_grace_takes_the_place_of_the_first(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    opened = await dump(source)
    first, second = target(destination, tmp_path), target(destination, tmp_path)
    await load(first, opened)
    await switch(first)
    destination.run("DELETE FROM customer WHERE n > 400")
    await load(second, opened)
    await switch(second)
    assert await second.has_switched()
    assert not await first.has_switched()
    with pytest.raises(SwitchError, match="replaced since"):
        await first.switch_back()
    await second.close_for_undo()
    await second.switch_back()
    await second.allow_connections()
    assert destination.run("SELECT count(*) FROM customer") == "400"
    assert await first.remove_previous()
    await second.remove_undone()


async def test_nothing_is_switched_back_when_what_was_there_before_is_gone(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    assert await into.remove_previous()
    assert not await into.can_switch_back()
    with pytest.raises(SwitchError, match="nothing was closed"):
        await into.close_for_undo()
    with pytest.raises(SwitchError):
        await into.switch_back()
    await into.allow_connections()
    assert destination.run("SELECT count(*) FROM customer") == "500"


async def test_a_database_whose_removal_was_broken_off_is_gone(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    """PostgreSQL marks it first, and lets nobody do anything with it but remove it."""
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    half_removed = f"UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{into.previous_name}'"  # noqa: S608 -- a name of this test
    destination.run(half_removed, superuser=True, database="postgres")
    assert not await into.can_switch_back()
    with pytest.raises(SwitchError, match="nothing was closed"):
        await into.close_for_undo()
    with pytest.raises(SwitchError, match="nothing was switched"):
        await into.switch_back()
    await into.remove_previous()
    listed = f"SELECT count(*) FROM pg_database WHERE datname = '{into.previous_name}'"  # noqa: S608 -- a name of this test
    assert destination.run(listed, superuser=True, database="postgres") == "0"


async def test_a_provisioner_that_is_no_superuser_needs_three_rights_and_no_more(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    who = f"{destination.name}_provisioner"
    destination.run(
        f"CREATE ROLE {who} LOGIN CREATEDB PASSWORD 'p'",
        f"GRANT {destination.role}, pg_signal_backend TO {who}",
        superuser=True,
    )
    try:
        into = target(destination, tmp_path, provisioner=Login(who, SecretStr("p")))
        session = await connect(destination, application="an old pool")
        await load(into, await dump(source))
        (ended,) = await switch(into)
        assert "an old pool" in ended
        await session.close()
        await into.close_for_undo()
        await into.switch_back()
        await into.allow_connections()
        await into.remove_undone()
        assert destination.run("SELECT count(*) FROM before") == "1"
    finally:
        destination.run(f"DROP ROLE {who}", superuser=True)

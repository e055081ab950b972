"""A function of a sent dump runs as the environment's role while it loads: what it does to the server is put back."""

from typing import Final

import pytest

from contracts.errors import FailureCode
from contracts.events.archives import DataType
from contracts.events.uploads import DataUploaded
from services.platform.connectors.database import EnvironmentDatabase
from services.restore.handlers import UPLOAD
from tests.integration.restoring.test_forged_dumps import state
from tests.integration.restoring.test_uploads import assert_untouched, dumped, failure, filled
from tests.support.app_databases import AppDatabase
from tests.support.dying import SILENT, Dying, attempts_over, changed_hands
from tests.support.restore_stage import RestoreStage

DOES: Final = {
    "a setting of its role": "ALTER ROLE {role} SET search_path TO nowhere",
    "a setting of its role there": "ALTER ROLE {role} IN DATABASE {live} SET statement_timeout TO 1",
    "a setting of the live database": "ALTER DATABASE {live} SET default_transaction_read_only TO on",
    "the rights on it": "REVOKE ALL ON DATABASE {live} FROM PUBLIC",
    "its comment": "COMMENT ON DATABASE {live} IS ''mine''",
    "who gets in": "ALTER DATABASE {live} CONNECTION LIMIT 0",
    "that anybody gets in": "ALTER DATABASE {live} ALLOW_CONNECTIONS false",
    "the password of its role": "ALTER ROLE {role} PASSWORD ''mine''",
}


async def overreaching(small: AppDatabase, stage: RestoreStage, live: AppDatabase, does: str) -> bytes:
    """A dump whose rows are checked by a function that does this, where it may."""
    statement = does.replace("{role}", live.role).replace("{live}", live.name)
    small.run(
        "CREATE FUNCTION reach(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN "
        f"IF current_user = '{live.role}' THEN EXECUTE '{statement}'; END IF; RETURN true; END $$",
        "CREATE TABLE reached (id int CHECK (reach(id)))",
        "INSERT INTO reached VALUES (1)",
    )
    source = EnvironmentDatabase(small.access(), stage.workplace.tools)
    async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("does", DOES.values(), ids=DOES.keys())
async def test_what_a_function_of_a_sent_dump_changes_on_the_server_is_put_back_and_refused(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase, does: str
) -> None:
    place = await filled(stage, destination)
    destination.run(f"ALTER DATABASE {destination.name} SET work_mem TO '5MB'")
    destination.run(f"ALTER ROLE {destination.role} SET work_mem TO '6MB'")
    before = state(destination)
    sent = await overreaching(small, stage, destination, does)
    failed = await failure(stage, await stage.ask_upload(place, sent, DataType.DATABASE_ONLY))
    assert_untouched(place)
    assert state(destination) == before
    assert (failed.code, "put back" in failed.reason) == (FailureCode.UNSUPPORTED_CONTENT, True), failed


@pytest.mark.parametrize("does", [DOES["a setting of its role"], DOES["the password of its role"]])
async def test_a_role_that_is_its_own_provisioner_puts_it_back_itself(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase, does: str
) -> None:
    destination.run(f"ALTER ROLE {destination.role} CREATEDB", superuser=True)
    place, before = await stage.register(destination, provisioner=None), state(destination)
    sent = await overreaching(small, stage, destination, does)
    failed = await failure(stage, await stage.ask_upload(place, sent, DataType.DATABASE_ONLY))
    assert (failed.code, "put back" in failed.reason) == (FailureCode.UNSUPPORTED_CONTENT, True), failed
    assert state(destination) == before
    assert place.databases() == [destination.name]


async def test_what_a_worker_left_that_died_while_it_loaded_is_put_back_by_the_next(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    place, before = await filled(stage, destination), state(destination)
    upload_id = await stage.ask_upload(place, await dumped(small, stage), DataType.DATABASE_ONLY)
    dying = Dying(stage.kinds()[UPLOAD], "make schemas and extensions")
    async with stage.working({UPLOAD: dying}, SILENT):
        await dying.stopped.wait()
        destination.run(f"ALTER ROLE {destination.role} SET search_path TO nowhere", superuser=True)
        async with stage.working():
            await changed_hands(stage, upload_id)
            await stage.ended(upload_id)
        assert isinstance((await stage.said(upload_id))[-1], DataUploaded)
        assert (
            state(destination).partition("|")[2].replace(f" [nightkeep restore {upload_id}]", "")
            == (before.partition("|")[2])
        )
        dying.wakes_up.set()
        await attempts_over()

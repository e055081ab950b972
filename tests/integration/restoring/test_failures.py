"""A restore that cannot be: the exact reason, and nothing changed."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from contracts.events.restores import RestoreCompleted, RestoreFailed
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection
from services.platform.jobs import JobKind
from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.settings import PostgresSettings
from services.platform.repository import EnvironmentRepository, Repository
from services.restore.documents import comparison
from services.restore.handlers import RESTORE
from services.restore.work.restoring import RestoreJob
from tests.support.app_databases import AppDatabase, app_database, until
from tests.support.damaging import rot
from tests.support.databases import FreshDatabase
from tests.support.dying import Dying
from tests.support.processes import alive, command_of
from tests.support.restore_stage import KEY, Place, RestoreStage, place_of
from tests.support.restoring import connect

SAME, OTHER, ABSENT, EXTRA = (place_of(number) for number in range(1, 5))
BACKED_UP = {SAME: b"same", OTHER: b"the backup's", ABSENT: b"absent"}
BEFORE = {SAME: b"same", OTHER: b"another", EXTRA: b"extra"}


async def failure(stage: RestoreStage, restore_id: UUID, kinds: dict[str, JobKind] | None = None) -> RestoreFailed:
    """How a restore failed."""
    async with stage.working(kinds):
        await stage.ended(restore_id)
    *_, failed = await stage.said(restore_id)
    assert isinstance(failed, RestoreFailed), failed
    return failed


@dataclass
class Scene:
    """Production and acceptance, and what acceptance was."""

    stage: RestoreStage
    production: Place
    acceptance: Place
    before: str

    def assert_nothing_changed(self) -> None:
        assert self.acceptance.app.as_text() == self.before
        assert self.acceptance.documents() == BEFORE
        assert self.acceptance.databases() == [self.acceptance.app.name]
        left = [path for path in self.acceptance.root.rglob("*") if path.is_file() and "restores" in str(path)]
        assert not left


@pytest.fixture
async def scene(stage: RestoreStage, small: AppDatabase, destination: AppDatabase) -> Scene:
    return await set_up(stage, small, destination)


async def set_up(stage: RestoreStage, small: AppDatabase, destination: AppDatabase) -> Scene:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    return Scene(stage, production, acceptance, destination.as_text())


async def test_a_wrong_password(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    scene.stage.secret(scene.acceptance.app.name, "wrong")
    failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert (failed.code, failed.retryable) == ("AUTHENTICATION_FAILED", False)
    assert "wrong" not in failed.reason
    scene.assert_nothing_changed()


async def test_a_secret_that_is_not_there(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    (scene.stage.directory / "secrets" / scene.acceptance.app.name).unlink()
    failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert failed.code == "SECRET_MISSING"
    scene.assert_nothing_changed()


async def test_a_provisioner_without_rights(scene: Scene) -> None:
    app = scene.acceptance.app
    backup = await scene.stage.back_up(scene.production)
    acceptance = await scene.stage.register(app, provisioner=None)
    failed = await failure(scene.stage, await scene.stage.ask(backup, acceptance))
    assert failed.code == "MISSING_RIGHTS"
    assert "CREATEDB" in failed.reason
    scene.assert_nothing_changed()


async def test_a_server_that_is_not_there(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    acceptance = await scene.stage.register(scene.acceptance.app, port=1)
    failed = await failure(scene.stage, await scene.stage.ask(backup, acceptance))
    assert (failed.code, failed.retryable) == ("DATABASE_UNREACHABLE", True)
    scene.assert_nothing_changed()


async def test_an_environment_that_nobody_knows(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    elsewhere = Place(scene.acceptance.app, scene.acceptance.root)
    failed = await failure(scene.stage, await scene.stage.ask(backup, elsewhere))
    assert failed.code == "ENVIRONMENT_REMOVED"


async def test_a_superuser_as_the_environments_role(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    scene.acceptance.app.run(f"ALTER ROLE {scene.acceptance.app.role} SUPERUSER", superuser=True)
    failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert failed.code == "MISSING_RIGHTS"
    assert "superuser" in failed.reason
    scene.assert_nothing_changed()


async def test_a_backup_whose_bytes_are_gone(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    for pack in (scene.stage.directory / "repository" / "environments").glob("*/packs/*/*"):
        pack.unlink()
    failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert failed.code == "BACKUP_UNREADABLE"
    scene.assert_nothing_changed()


async def test_a_document_whose_bytes_are_gone_takes_back_what_was_added(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    contents = (await scene.stage.workplace.repository.of(backup.environment_id).store_bytes(b"the backup's")).contents
    store = DirectoryObjectStore(scene.stage.directory / "repository")
    await rot(store, KEY, backup.environment_id, contents[0])
    failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert failed.code == "BACKUP_UNREADABLE"
    scene.assert_nothing_changed()


async def test_a_manifest_that_is_another_one(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    failed = await failure(
        scene.stage, await scene.stage.ask(replace(backup, manifest_hash="0" * 64), scene.acceptance)
    )
    assert failed.code == "BACKUP_UNREADABLE"
    scene.assert_nothing_changed()


async def test_a_database_server_without_room(
    fresh_database: FreshDatabase, tmp_path: Path, small: AppDatabase, destination: AppDatabase
) -> None:
    async def nearly_full(_connection: Connection, _access: DatabaseAccess) -> int:
        return 1000

    async with RestoreStage.open(fresh_database("restore"), tmp_path, nearly_full) as stage:
        scene = await set_up(stage, small, destination)
        failed = await failure(stage, await stage.ask(await stage.back_up(scene.production), scene.acceptance))
        assert failed.code == "NO_SPACE"
        assert "1,000 bytes" in failed.reason
        scene.assert_nothing_changed()


async def test_a_scratch_directory_without_room_and_the_next_restore_with_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.production.put({place_of(number): b"%d" % number for number in range(10, 210)})
    backup = await scene.stage.back_up(scene.production)
    with monkeypatch.context() as full:
        full.setattr(comparison, "_SCHEMA", f"{comparison._SCHEMA}PRAGMA max_page_count = 1;")  # noqa: SLF001 -- the disk
        failed = await failure(scene.stage, await scene.stage.ask(backup, scene.acceptance))
    assert (failed.code, failed.retryable) == ("NO_SPACE", True)
    scene.assert_nothing_changed()
    again = await scene.stage.ask(backup, scene.acceptance)
    async with scene.stage.working():
        await scene.stage.ended(again)
    *_, completed = await scene.stage.said(again)
    assert isinstance(completed, RestoreCompleted), completed


async def test_a_server_that_is_older_than_the_backup(scene: Scene, postgres17_tls: PostgresSettings) -> None:
    backup = await scene.stage.back_up(scene.production)
    with app_database(postgres17_tls) as older:
        failed = await failure(scene.stage, await scene.stage.ask(backup, await scene.stage.register(older)))
    assert failed.code == "OLDER_SERVER"


async def test_a_session_that_may_not_be_ended(scene: Scene) -> None:
    app = scene.acceptance.app
    backup = await scene.stage.back_up(scene.production)
    app.run(f"ALTER ROLE {app.role} CREATEDB", superuser=True)
    acceptance = await scene.stage.register(app, provisioner=None)
    session = await connect(app, application="an admin", superuser=True)
    failed = await failure(scene.stage, await scene.stage.ask(backup, acceptance))
    assert failed.code == "MISSING_RIGHTS"
    assert "an admin" in failed.reason
    await session.close()
    scene.assert_nothing_changed()


@pytest.mark.parametrize(
    "during",
    [
        "look at the destination and at the backup",
        "load the dump and add the documents",
        "gather statistics",
    ],
)
async def test_a_cancellation_before_the_switch_puts_everything_back(scene: Scene, during: str) -> None:
    restore_id = await scene.stage.ask(await scene.stage.back_up(scene.production), scene.acceptance)
    kind = Dying(scene.stage.kinds()[RESTORE], during)
    async with scene.stage.working({RESTORE: kind}):
        await kind.stopped.wait()
        await scene.stage.ask_cancel(restore_id, scene.acceptance)
        await scene.stage.ended(restore_id)
    *_, failed = await scene.stage.said(restore_id)
    assert (failed.code, failed.reason) == ("CANCELLED", "cancelled by user:ada")
    scene.assert_nothing_changed()


async def test_a_cancellation_of_a_restore_that_waits(scene: Scene) -> None:
    restore_id = await scene.stage.ask(await scene.stage.back_up(scene.production), scene.acceptance)
    await scene.stage.ask_cancel(restore_id, scene.acceptance)
    assert (await failure(scene.stage, restore_id)).code == "CANCELLED"
    scene.assert_nothing_changed()


@pytest.mark.parametrize("after", ["refuse to be cancelled from here on", "switch the databases"])
async def test_a_cancellation_that_comes_too_late_changes_nothing(scene: Scene, after: str) -> None:
    restore_id = await scene.stage.ask(await scene.stage.back_up(scene.production), scene.acceptance)
    kind = Dying(scene.stage.kinds()[RESTORE], after)
    async with scene.stage.working({RESTORE: kind}):
        await kind.stopped.wait()
        await scene.stage.ask_cancel(restore_id, scene.acceptance)
        kind.wakes_up.set()
        await scene.stage.ended(restore_id)
    *_, completed = await scene.stage.said(restore_id)
    assert isinstance(completed, RestoreCompleted)
    assert scene.acceptance.documents() == BACKED_UP


async def test_a_cancellation_in_the_middle_of_a_load_kills_its_program(scene: Scene) -> None:
    backup = await scene.stage.back_up(scene.production)
    restore_id = await scene.stage.ask(backup, scene.acceptance)
    endless = replace(scene.stage.workplace, repository=Endless(scene.stage.workplace.repository))
    async with scene.stage.working({RESTORE: RestoreJob(endless)}):
        await until(lambda: bool(loads()))
        (load,) = loads()
        await scene.stage.ask_cancel(restore_id, scene.acceptance)
        await scene.stage.ended(restore_id)
    assert not alive([load])
    scene.assert_nothing_changed()


def loads() -> list[psutil.Process]:
    """The programs that load a dump for this process."""
    return [child for child in psutil.Process().children() if "--exit-on-error" in program_of(child)]


def program_of(process: psutil.Process) -> list[str]:
    """Its arguments; none when it has ended, or is still on its way to the program."""
    command = command_of(process)
    return [] if any("tether" in word for word in command) else command


class Endless:
    """Repositories whose dumps do not end: what comes behind most of it never arrives."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def of(self, environment_id: UUID) -> EnvironmentRepository:
        repository = self._repository.of(environment_id)
        read = repository.read

        async def reading(contents: Sequence[str]) -> AsyncGenerator[bytes, None]:
            async for piece in read(contents):
                yield piece[:-200] if piece.startswith(b"PGDMP") else piece
                if piece.startswith(b"PGDMP"):
                    await asyncio.Event().wait()

        repository.read = reading  # type: ignore[method-assign]  # -- a repository of this test alone
        return repository

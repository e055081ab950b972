"""Work that passes seams: each prepares, yields where its service may be told to die, does it, and looks what became.

A work says at its end that all is as if nothing had happened: that is what is walked for.
"""

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncGenerator, Callable
from typing import Final
from uuid import UUID, uuid4

from contracts.events.archives import DataType
from contracts.states import ArchiveState, BackupState, RestoreState, UploadState
from services.cli.client import Gateway
from services.cli.sending import send
from services.gateway.resources import Restore
from services.platform.archives.tar import DUMP_NAME
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools
from services.platform.repository import RepositoryV2
from services.platform.repository.keys import read_key_file
from tests.soak.callers import USER
from tests.soak.world import World
from tests.support.eventually import eventually
from tests.support.main_job import Place
from tests.support.sent_archives import tar_gz

Work = Callable[[World], AsyncGenerator[None, None]]
WITHIN_SECONDS: Final = 240.0
ALL_GOES_SECONDS: Final = 900.0
"""Behind an hour of work, some of whose backups go each day."""
MOVES_SECONDS: Final = 5.0
"""Enough for a sweep, and for the jobs that it asks for, before time goes on."""
LEFT: Final = """
    SELECT (SELECT count(*) FROM retention.environment WHERE has_garbage OR mark_id IS NOT NULL)
        + (SELECT count(*) FROM retention.backup WHERE state IN ('deleting', 'expired') OR erase)
"""
"""How much is to go yet; what was deleted while a mark was under way waits for a day of its own."""


async def backup(world: World) -> AsyncGenerator[None, None]:
    """A backup of rows and documents that are new since the last."""
    production = world.places["production"]
    production.database.run(f"CREATE TABLE walked_{secrets.token_hex(4)} AS SELECT generate_series(1, 50) AS id")
    production.put(secrets.token_bytes(2000), uuid4())
    yield
    world.newest = await world.backed_up()
    for name in ("BackupRequested", "BackupStarted", "BackupCompleted"):
        await world.told_once(name, world.newest.backup_id)


async def restore(world: World) -> AsyncGenerator[None, None]:
    """A restore into acceptance: documents to add, to stage and to set aside."""
    made = await world.a_backup()
    disturb(world)
    yield
    restored = await restored_to(world, made.backup_id)
    await world.told_once("RestoreCompleted", restored.restore_id)


async def upload(world: World) -> AsyncGenerator[None, None]:
    """Data from elsewhere into acceptance, whose own is backed up first."""
    production, acceptance = world.places["production"], world.environments["acceptance"]
    disturb(world)
    parcel_id = await sent(world, acceptance)
    wanted, before = production.everything(), await world.held("acceptance")
    yield
    full = DataType.FILES_AND_DATABASE
    asked = await world.caller.change(world.gateway.create_upload, acceptance, parcel_id, full)
    ended = await world.caller.until(
        lambda: world.gateway.upload(asked.upload_id),
        lambda one: one.state in {UploadState.COMPLETED, UploadState.FAILED},
    )
    assert ended.state is UploadState.COMPLETED, ended.failure
    assert world.places["acceptance"].everything() == wanted
    assert ended.safety_backup_id is not None
    world.contents[ended.safety_backup_id] = before
    for name in ("EnvironmentCleared", "DataUploaded"):
        await world.told_once(name, asked.upload_id)
    await world.caller.change(world.gateway.deploy, acceptance, "7.1.0")


async def importing(world: World) -> AsyncGenerator[None, None]:
    """An archive from elsewhere becomes a backup of acceptance."""
    production, acceptance = world.places["production"], world.environments["acceptance"]
    parcel_id = await sent(world, acceptance)
    wanted = production.everything()
    yield
    asked = await world.caller.change(world.gateway.import_backup, acceptance, parcel_id)
    ended = await world.caller.until(
        lambda: world.gateway.backup(asked.backup_id),
        lambda backup: backup.state in {BackupState.COMPLETED, BackupState.FAILED},
    )
    assert ended.state is BackupState.COMPLETED, ended.failure
    await world.told_once("BackupCompleted", asked.backup_id)
    world.contents[asked.backup_id] = wanted
    await restored_to(world, asked.backup_id)


async def recovery(world: World) -> AsyncGenerator[None, None]:
    """A backup that is in the bucket and in no catalog is brought back from its manifest."""
    acceptance = world.environments["acceptance"]
    made = await world.backed_up("acceptance")
    key = read_key_file(world.platform.directory / "repository.key")
    repository = RepositoryV2(world.store, key).of(acceptance)
    whole = await repository.read_manifest(made.backup_id)
    entry = whole.backup.model_copy(update={"backup_id": uuid4(), "comment": "nobody knows of it"})
    await repository.put_manifest(whole.model_copy(update={"backup": entry}))
    yield
    await world.caller.change(world.gateway.recover_backup, acceptance, entry.backup_id)
    back = await world.caller.until(
        lambda: world.gateway.backup(entry.backup_id),
        lambda one: one.state in {BackupState.COMPLETED, BackupState.FAILED},
    )
    assert back.state is BackupState.COMPLETED, back.failure
    assert (back.created_at, back.expires_at, back.comment) == (entry.created_at, entry.expires_at, entry.comment)
    for name in ("BackupStarted", "BackupCompleted"):
        await world.told_once(name, entry.backup_id)


async def check(world: World) -> AsyncGenerator[None, None]:
    """A look at an environment."""
    yield
    production = world.environments["production"]
    asked = await world.caller.change(world.gateway.check_environment, production, wait_seconds=0)
    seen = await world.caller.until(
        lambda: world.gateway.environment(production).check, lambda one: one is not None and one.state != "running"
    )
    assert seen is not None
    assert (seen.check_id, seen.state) == (asked.check_id, "passed"), seen.findings


async def preflight(world: World) -> AsyncGenerator[None, None]:
    """A look whether a restore would go well."""
    made = await world.a_backup()
    yield
    acceptance = world.environments["acceptance"]
    asked = await world.caller.change(world.gateway.preflight, acceptance, made.backup_id, wait_seconds=0)
    seen = await world.caller.look(lambda: world.gateway.wait_for_preflight(asked.preflight_id, timeout_seconds=60))
    assert seen.state == "passed", seen


async def archive(world: World) -> AsyncGenerator[None, None]:
    """A download, made on the fly; it holds its backup for hours, and those of the others are erased and shredded."""
    made = await world.backed_up("shelf")
    yield
    asked = await world.caller.change(world.gateway.create_archive, made.backup_id, DataType.DATABASE_ONLY)
    ended = await world.caller.until(
        lambda: world.gateway.archive(asked.archive_id),
        lambda one: one.state in {ArchiveState.COMPLETED, ArchiveState.FAILED},
    )
    assert ended.state is ArchiveState.COMPLETED, ended


async def deletion(world: World) -> AsyncGenerator[None, None]:
    """A backup that a person deletes: a day later its manifest gives way to a tombstone."""
    gone = await _deleted_soon(world)
    yield
    await _deleted(world, gone)
    assert world.count("BackupDeleted", gone) == 1


async def shredding(world: World) -> AsyncGenerator[None, None]:
    """All backups of an environment become unreadable; one that is taken afterwards has a fresh key."""
    acceptance = world.environments["acceptance"]
    gone = await world.backed_up("acceptance")
    there = await world.caller.look(lambda: list(world.gateway.backups(acceptance)))
    for one in [one for one in there if one.pinned]:  # as what an upload takes first
        await world.caller.change(world.gateway.unpin_backup, one.backup_id)
    before = world.count("BackupsShredded", acceptance)
    yield
    await world.caller.change(world.gateway.shred_backups, acceptance, "acceptance")
    ended = await world.caller.until(lambda: world.gateway.shredding(acceptance), lambda one: one.state != "running")
    assert ended.state == "completed", ended.failure
    assert ended.keys_destroyed == 1
    await world.told_once("BackupDeleted", gone.backup_id)
    await world.told_once("BackupsShredded", acceptance, after=before)
    await world.backed_up("acceptance")


async def condemn(world: World) -> AsyncGenerator[None, None]:
    """What nothing refers to any more is named."""
    while await _deleted_and_swept(world):
        await until_known(world, _garbage(world, "mark_id IS NULL AND NOT has_garbage"), "1", hours=25)
    yield
    await until_garbage(world, "condemned_contents IS NOT NULL", minutes=11)


async def reclaim(world: World) -> AsyncGenerator[None, None]:
    """What was named goes, a day later; what was deleted meanwhile is named right after, under another mark."""
    production = world.environments["production"]
    await _deleted(world, await _deleted_soon(world))
    mark, before = await _mark_of(world, production), world.count("SpaceReclaimed", production)
    yield
    await until_garbage(world, f"mark_id IS DISTINCT FROM '{mark}'", hours=25)
    await world.told_once("SpaceReclaimed", production, after=before)


async def _mark_of(world: World, environment_id: UUID) -> str:
    """The mark under which garbage has been named; one from before may end at any moment.

    It may also be empty, as where a deletion was heard of when its garbage had been named already: that one goes
    without a word, and what was deleted meanwhile is named behind it.
    """
    named = f"environment_id = '{environment_id}' AND condemned_contents > 0"
    mark = ""
    while not mark:
        await until_garbage(world, "condemned_contents IS NOT NULL", minutes=11)
        if await asyncio.to_thread(world.known, "retention", _garbage(world, "condemned_contents = 0")) == "1":
            await until_garbage(world, "condemned_contents IS DISTINCT FROM 0", hours=25)
        mark = world.known("retention", f"SELECT mark_id FROM retention.environment WHERE {named}")  # noqa: S608 -- ids
    return mark


async def let_all_go(world: World) -> None:
    """Reclaim what was left behind, and what goes with the days that pass until nothing is to go any more."""
    async for _ in reclaim(world):
        pass
    await until_known(world, LEFT, "0", within_seconds=ALL_GOES_SECONDS, hours=25)


async def look_through(world: World) -> AsyncGenerator[None, None]:
    """Stored backups are looked through, once a week."""
    await world.a_backup()
    production = world.environments["production"]
    idle = f"SELECT check_job_id IS NULL FROM retention.environment WHERE environment_id = '{production}'"  # noqa: S608 -- an id
    await until_known(world, idle, "t")
    before = world.count("RepositoryChecked", production)
    yield
    world.clock.on(days=8)
    await world.told_once("RepositoryChecked", production, after=before)


async def forget(world: World) -> AsyncGenerator[None, None]:
    """The tombstone goes at last."""
    gone = await _deleted_soon(world)
    await _deleted(world, gone)
    yield
    world.clock.on(days=31)
    query = f"SELECT count(*) FROM retention.backup WHERE backup_id = '{gone}'"  # noqa: S608 -- an id
    await until_known(world, query, "0", minutes=11)


async def letter(world: World) -> AsyncGenerator[None, None]:
    """A command that is none: its bytes are kept, its sender is told."""
    yield
    command_id = str(uuid4())
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", command_id.encode()),
        ("ce_type", b"nightkeep.command.RequestBackup.v1"),
        ("ce_source", b"urn:walk"),
        ("ce_time", b"2026-03-04T12:00:00Z"),
        ("ce_actor", b"user:Karla"),
        ("content-type", b"application/json"),
    ]
    await world.script.put("commands", world.app.app_id, b"{", headers)
    await world.script.outcome(command_id)
    kept = await world.caller.look(lambda: world.gateway.dead_letters(limit=100))
    assert command_id in {str(one.message_id) for one in kept}
    assert len(world.script.events_caused_by(command_id)) == 1


async def handing_back(world: World) -> AsyncGenerator[None, None]:
    """A service that is told to end in the middle of a backup: the job is handed back, and done by the next."""
    service = world.platform.services["snapshot"]
    world.crash_file("snapshot").write_text("stop before step: write the manifest")
    taking = asyncio.create_task(world.backed_up())
    await eventually(service.is_stopped, within_seconds=WITHIN_SECONDS)
    yield
    service.process.send_signal(signal.SIGTERM)
    service.process.send_signal(signal.SIGCONT)
    world.newest = await taking
    await world.told_once("BackupCompleted", world.newest.backup_id)


async def dumped(place: Place) -> bytes:
    """An environment's database, as `pg_dump` has it. Raises TransientError while it is not there."""
    source = EnvironmentDatabase(place.database.access(), PostgresTools({}))
    async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
        return b"".join([piece async for piece in pieces])


def tree(place: Place) -> dict[str, bytes]:
    """Its documents, as an archive has them."""
    return {f"tree/{at}": (place.documents / at).read_bytes() for at in place.contents()}


async def sent(world: World, environment_id: UUID) -> UUID:
    """An archive of production, sent before anything dies; what is sent in parts is no command."""
    production = world.places["production"]
    data = tar_gz({DUMP_NAME: await dumped(production), **tree(production)})
    return await asyncio.to_thread(_sent, world, environment_id, data)


def _sent(world: World, environment_id: UUID, data: bytes) -> UUID:
    path = world.platform.directory / f"{uuid4()}.tar.gz"
    path.write_bytes(data)
    with Gateway(world.platform.gateway_url, USER, world.api_key) as gateway:
        return send(gateway, environment_id, path, lambda _: None).parcel_id


def disturb(world: World) -> None:
    """Acceptance has rows and a document of its own, and its own version of one of production's."""
    acceptance, production = world.places["acceptance"], world.places["production"]
    acceptance.database.run(f"CREATE TABLE own_{secrets.token_hex(4)} (id int)")
    acceptance.put(secrets.token_bytes(100), uuid4())
    document = next(path for path in production.documents.rglob("*-*") if path.is_file())
    (acceptance.documents / document.relative_to(production.documents)).unlink(missing_ok=True)  # none is written over
    acceptance.put(secrets.token_bytes(100), UUID(document.name))


async def restored_to(world: World, backup_id: UUID) -> Restore:
    """A restore of this backup into acceptance, which holds the same as it afterwards."""
    acceptance = world.environments["acceptance"]
    asked = await world.caller.change(world.gateway.create_restore, acceptance, backup_id)
    restored = await completed(world, asked.restore_id)
    assert world.places["acceptance"].everything() == world.contents[backup_id]
    return restored


async def completed(world: World, restore_id: UUID) -> Restore:
    """A restore that has come to its end."""
    restored = await ended(world, restore_id)
    assert restored.state is RestoreState.COMPLETED, restored.failure
    return restored


async def ended(world: World, restore_id: UUID) -> Restore:
    """A restore as soon as it is over, however it ended."""
    return await world.caller.until(
        lambda: world.gateway.restore(restore_id),
        lambda one: one.state in {RestoreState.COMPLETED, RestoreState.FAILED},
    )


async def _deleted_soon(world: World) -> UUID:
    """A backup of its own content that a person has just deleted."""
    production = world.places["production"]
    document = production.put(secrets.token_bytes(5000), uuid4())
    made = await world.backed_up()
    document.unlink()
    world.newest = None
    await world.caller.change(world.gateway.delete_backup, made.backup_id, confirm_last=True)
    query = f"SELECT state FROM retention.backup WHERE backup_id = '{made.backup_id}'"  # noqa: S608 -- an id
    await until_known(world, query, BackupState.DELETING)
    return made.backup_id


async def _deleted(world: World, backup_id: UUID) -> None:
    """Of a sweep that died on its way only the next one knows, ten minutes later."""
    world.clock.on(hours=25)
    query = f"SELECT state FROM retention.backup WHERE backup_id = '{backup_id}'"  # noqa: S608 -- an id
    await until_known(world, query, BackupState.DELETED, minutes=11)
    await world.told("BackupDeleted", backup_id)


async def _deleted_and_swept(world: World) -> bool:
    """Whether what a deletion left was named at once.

    So it was where garbage of before was to be named in the same sweep, or where the next sweep was there already.
    """
    await _deleted(world, await _deleted_soon(world))
    production = world.environments["production"]
    named = f"SELECT mark_id IS NOT NULL FROM retention.environment WHERE environment_id = '{production}'"  # noqa: S608 -- an id
    return await asyncio.to_thread(world.known, "retention", named) == "t"


async def until_garbage(world: World, condition: str, **on: float) -> None:
    """Time goes on until production's garbage is as the condition says; sweeps come every ten minutes of it."""
    world.clock.on(**on)
    await until_known(world, _garbage(world, condition), "1", minutes=11)


def _garbage(world: World, condition: str) -> str:
    """Asks whether production's is as the condition says: 1 or 0."""
    production = world.environments["production"]
    return f"SELECT count(*) FROM retention.environment WHERE environment_id = '{production}' AND {condition}"  # noqa: S608 -- ours


async def until_known(
    world: World, query: str, answer: str, *, within_seconds: float = WITHIN_SECONDS, **on: float
) -> None:
    moved_at = time.monotonic()

    async def look() -> bool:
        nonlocal moved_at
        if await asyncio.to_thread(world.known, "retention", query) == answer:
            return True
        if on and time.monotonic() - moved_at > MOVES_SECONDS:
            world.clock.on(**on)  # and what comes of it is waited for
            moved_at = time.monotonic()
        return False

    await eventually(look, within_seconds=within_seconds)

"""A full archive from elsewhere becomes a backup, or nothing at all."""

import hashlib
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from contracts.events.backups import BackupCompleted, BackupFailed, BackupKind, References
from contracts.manifest import Tombstone
from contracts.values import Parcel
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools
from services.platform.parcels import Parcels
from services.platform.repository.master_key import read_master_key
from services.platform.repository.wraps import Wraps
from tests.integration.snapshot.test_service import Store
from tests.support.capturing import Place
from tests.support.sent_archives import DOCUMENT, METADATA, PLACE, tar_gz
from tests.support.snapshotting import Snapshots


async def archive_of(place: Place) -> bytes:
    """A full archive, as people elsewhere have it."""
    source = EnvironmentDatabase(place.database.access(), PostgresTools({}))
    async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
        dump = b"".join([piece async for piece in pieces])
    return tar_gz({".metadata": METADATA, "db/db.backup": dump, PLACE: b"an invoice"})


async def sent(snapshots: Snapshots, store: Store, environment_id: UUID, data: bytes) -> Parcel:
    """A file that came whole, in one part."""
    master = read_master_key(snapshots.settings.repository)
    parcel = Parcel(
        parcel_id=uuid4(), size_bytes=len(data), part_bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    await Parcels(store[1], Wraps(store[1], master), uuid4).put(environment_id, parcel.parcel_id, 0, data)
    return parcel


async def test_an_archive_becomes_a_backup(snapshots: Snapshots, place: Place, store: Store) -> None:
    place.put(b"of the environment itself")
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        first = await snapshots.request(environment_id)
        await snapshots.log.about(BackupCompleted, first)
        parcel = await sent(snapshots, store, environment_id, await archive_of(place))
        backup_id = await snapshots.request(environment_id, kind=BackupKind.UPLOADED, parcel=parcel)
        completed = await snapshots.log.about(BackupCompleted, backup_id)
        later = await snapshots.request(environment_id)
        await snapshots.log.about(BackupCompleted, later)
    assert await snapshots.log.names(backup_id) == ["BackupStarted", "BackupCompleted"]
    assert (completed.files.count, completed.files.bytes, completed.references) == (1, 10, References.UNPROVEN)
    repository = snapshots.repository(environment_id, store[1])
    manifest = await repository.read_manifest(backup_id, expected_hash=completed.manifest_hash)
    assert (manifest.backup.kind, manifest.database.server_version) == (BackupKind.UPLOADED, "18")
    dump = b"".join([piece async for piece in repository.read(manifest.database.contents)])
    assert (dump[:5], len(dump)) == (b"PGDMP", completed.database.bytes)
    listing = b"".join([piece async for piece in repository.read(manifest.files.listing.contents)])
    assert str(DOCUMENT).encode() in listing
    assert (await repository.read_manifest(later)).previous_backup_id == first


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (tar_gz({"../evil": b"x"}), FailureCode.HOSTILE_ARCHIVE, "leads outside"),
        (tar_gz({PLACE: b"x"}), FailureCode.WRONG_FORMAT, "announced as files_and_database"),
        (b"PGDMP\x01\x63" + bytes(500), FailureCode.OLDER_SERVER, "made by newer tools"),
    ],
    ids=["hostile", "files alone", "a newer dump"],
)
async def test_what_is_not_right_never_becomes_a_backup(  # noqa: PLR0913, PLR0917 -- what is sent, and what is said of it
    snapshots: Snapshots, place: Place, store: Store, data: bytes, code: FailureCode, words: str
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        parcel = await sent(snapshots, store, environment_id, data)
        backup_id = await snapshots.request(environment_id, kind=BackupKind.UPLOADED, parcel=parcel)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert (failed.code, words in failed.reason) == (code, True), failed
    verdict = await snapshots.repository(environment_id, store[1]).verdict(backup_id)
    assert verdict is not None
    assert isinstance(verdict.decided, Tombstone)


async def test_a_part_of_a_dump_never_becomes_a_backup(snapshots: Snapshots, place: Place, store: Store) -> None:
    source = EnvironmentDatabase(place.database.access(), PostgresTools({}))
    async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
        dump = b"".join([piece async for piece in pieces])
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        parcel = await sent(snapshots, store, environment_id, tar_gz({"db/db.backup": dump[:-10], PLACE: b"x"}))
        backup_id = await snapshots.request(environment_id, kind=BackupKind.UPLOADED, parcel=parcel)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert (failed.code, "cannot be read" in failed.reason) == (FailureCode.ARCHIVE_DAMAGED, True), failed

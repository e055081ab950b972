"""A backup that was lost with its catalog is told again as its manifest says; without one it never comes to be."""

from uuid import UUID, uuid4

from contracts.errors import FailureCode
from contracts.events.backups import BackupCompleted, BackupFailed, BackupRequested
from contracts.manifest import BackupEntry, Tombstone
from services.platform.repository import EnvironmentRepository
from tests.integration.snapshot.test_service import Store
from tests.support.capturing import Place
from tests.support.events import NOON
from tests.support.manifests import manifest
from tests.support.shop import night
from tests.support.snapshotting import Snapshots


async def recover(snapshots: Snapshots, entry: BackupEntry) -> UUID:
    """Tell what the catalog tells when its entry is made again."""
    requested = BackupRequested(**dict(entry), recovered_at=NOON)
    await snapshots.log.say(requested, "catalog", "backup", entry.backup_id)
    return entry.backup_id


def entry_of(snapshots: Snapshots, repository: EnvironmentRepository) -> BackupEntry:
    whole = manifest(uuid4(), repository.environment_id, repository.key_id)
    told = whole.backup.model_dump(mode="json") | {"kind": "nightly", "slot": night("2026-11-22")}
    return BackupEntry.model_validate(told | {"app_id": str(snapshots.app_id)})


async def test_what_its_manifest_says_is_told_and_nothing_is_taken(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        repository = snapshots.repository(environment_id, store[1])
        entry = entry_of(snapshots, repository)
        whole = manifest(entry.backup_id, environment_id, repository.key_id).model_copy(update={"backup": entry})
        verdict = await repository.put_manifest(whole)
        completed = await snapshots.log.about(BackupCompleted, await recover(snapshots, entry))
        assert await snapshots.log.names(entry.backup_id) == ["BackupStarted", "BackupCompleted"]
    assert (completed.manifest_key, completed.manifest_hash) == (verdict.key, verdict.hash)
    assert (completed.finished_at, completed.restore_point) == (whole.finished_at, whole.restore_point)


async def test_without_a_manifest_it_fails_and_a_tombstone_keeps_it_so(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        repository = snapshots.repository(environment_id, store[1])
        backup_id = await recover(snapshots, entry_of(snapshots, repository))
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert (failed.code, failed.reason) == (
        FailureCode.BACKUP_UNREADABLE,
        "there is no manifest of it in the bucket",
    )
    verdict = await snapshots.repository(environment_id, store[1]).verdict(backup_id)
    assert verdict is not None
    assert isinstance(verdict.decided, Tombstone)

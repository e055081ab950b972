"""The service dies, or sleeps, in the middle of a shredding: its end comes, once, and spares what came after."""

import signal
from functools import partial
from uuid import UUID, uuid4

import pytest

from tests.integration.retention.test_shredding import keys_of
from tests.integration.retention.test_takeover import told
from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.retaining import PATIENCE_SECONDS, Retaining
from tests.support.shop import Shop
from tests.support.starting import is_asleep, is_dead

pytestmark = pytest.mark.timeout(900)

DOOMS = (
    "replace keys/ before",
    "replace keys/ after",
    "replace manifests/ before",
    "replace manifests/ after",
)
"""Calls by which a shredding changes the store: the worker dies on one side of each."""


async def asked(retaining: Retaining) -> tuple[UUID, UUID, UUID]:
    """An environment with a backup, of which a shredding was asked for: its id, the backup's and the shredding's."""
    shop, environment_id, shred_id = Shop(retaining.script), uuid4(), uuid4()
    backup_id = await told(shop, retaining, environment_id, b"a secret")
    by = {
        "environment_id": environment_id,
        "shred_id": shred_id,
        "requested_at": retaining.clock.now().isoformat(),
        "requested_by": "Karla",
    }
    await shop.fact(
        "BackupDeletionRequested", f"catalog/backup/{backup_id}", backup_id=backup_id, was_last_good=True, **by
    )
    await shop.fact("ShreddingRequested", f"catalog/environment/{environment_id}", backup_count=1, failed_count=0, **by)
    return environment_id, backup_id, shred_id


async def has_ended(
    retaining: Retaining, environment_id: UUID, backup_id: UUID, shred_id: UUID, *, keys: int = 1
) -> None:
    """All was told once, and of the keys the first is destroyed."""
    await retaining.told("BackupsShredded", shred_id)
    await retaining.told("BackupDeleted", backup_id)
    assert retaining.names(shred_id).count("BackupsShredded") == 1
    assert retaining.names(backup_id).count("BackupDeleted") == 1
    assert await retaining.is_buried(environment_id, backup_id)
    there = await keys_of(retaining, environment_id)
    assert [b"by_master" in key for key in there] == [False, True][:keys]


@pytest.mark.parametrize("doom", some_of(DOOMS, 2))
async def test_a_worker_killed_at_any_call_is_followed_by_one_that_brings_it_to_its_end(
    place: Retaining, doom: str
) -> None:
    environment_id, backup_id, shred_id = await asked(place)
    with place.doomed(f"{doom} SIGKILL") as process:
        await eventually(partial(is_dead, process), within_seconds=PATIENCE_SECONDS)
    assert process.poll() == -signal.SIGKILL
    async with place.running():
        await has_ended(place, environment_id, backup_id, shred_id)


@pytest.mark.parametrize("call", some_of(["replace keys/ before", "replace manifests/ before"], 1))
async def test_a_worker_that_slept_harms_no_backup_that_was_taken_since(place: Retaining, call: str) -> None:
    environment_id, backup_id, shred_id = await asked(place)
    with place.doomed(f"{call} SIGSTOP") as process:
        await eventually(partial(is_asleep, process), within_seconds=PATIENCE_SECONDS)
        async with place.running():
            await eventually(partial(_is_deleted, place, backup_id), within_seconds=PATIENCE_SECONDS)
            since = await told(Shop(place.script), place, environment_id, b"taken since")
            process.send_signal(signal.SIGCONT)
            await eventually(place.has_woken, within_seconds=PATIENCE_SECONDS)
            await has_ended(place, environment_id, backup_id, shred_id, keys=2)
    assert await place.bytes_of(environment_id, since) == [b"dump taken since", b"taken since"]


async def _is_deleted(place: Retaining, backup_id: UUID) -> bool:
    """By its row: what was said is not published while the sleeper is the one to relay it."""
    return bool(await place.known("SELECT state = 'deleted' FROM backup WHERE backup_id = $1", backup_id))

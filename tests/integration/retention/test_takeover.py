"""A worker is killed, or sleeps, in the middle of every step: nothing dangles, nothing that is needed is lost."""

import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.retaining import PATIENCE_SECONDS, Retaining
from tests.support.shop import Shop, completed_backup
from tests.support.starting import Program, is_asleep, is_dead
from tests.support.sweeping import requested

pytestmark = pytest.mark.timeout(900)

DOOMS = (
    "replace manifests/ before",
    "replace manifests/ after",
    "put condemned/ after",
    "put /complete after",
    "delete packs/ before",
    "delete packs/ after",
    "delete /complete after",
    "delete manifests/ after",
)
"""Calls by which a deletion and a reclaim change the store, in their order: the worker dies on one side of each."""

SOON_HOURS = 0.2
"""A sweep further: one that looked just before the clock was moved is followed by the next."""


@dataclass(frozen=True)
class Stage:
    """A part of a backup's end."""

    after: timedelta
    has_come: Callable[[], Awaitable[bool]]


@dataclass
class Life:
    """An environment with a backup that a person has deleted and one that shares all of it but its list, `own`.

    Where the deleted one was of another document, the other shares nothing of it.
    """

    retaining: Retaining
    environment_id: UUID
    deleted: UUID
    kept: UUID
    own: str

    def stages(self) -> list[Stage]:
        """What comes to pass when the clock has gone so far on."""
        return [
            Stage(timedelta(hours=25), self.is_deleted),
            Stage(timedelta(minutes=11), self.is_condemned),
            Stage(timedelta(hours=25), self.is_reclaimed),
            Stage(timedelta(days=31), self.is_forgotten),
        ]

    async def is_known(self) -> bool:
        query = "SELECT state = 'deleting' FROM backup WHERE backup_id = $1"
        return bool(await self.retaining.known(query, self.deleted))

    async def is_deleted(self) -> bool:
        return "BackupDeleted" in self.retaining.names(self.deleted)

    async def is_condemned(self) -> bool:
        query = "SELECT condemned_contents IS NOT NULL FROM environment WHERE environment_id = $1"
        return bool(await self.retaining.known(query, self.environment_id))

    async def has_no_mark(self) -> bool:
        """Whether a reclaim has been brought to its end, told or not."""
        query = "SELECT mark_id IS NULL FROM environment WHERE environment_id = $1"
        return bool(await self.retaining.known(query, self.environment_id))

    async def is_reclaimed(self) -> bool:
        return "SpaceReclaimed" in self.retaining.names(self.environment_id)

    async def is_forgotten(self) -> bool:
        return not await self.retaining.known("SELECT count(*) FROM backup WHERE backup_id = $1", self.deleted)


async def told(shop: Shop, retaining: Retaining, environment_id: UUID, document: bytes) -> UUID:
    """A completed backup, as the catalog and the snapshot service tell of it."""
    now = retaining.clock.now()
    body = requested(environment_id, now, None)
    await shop.fact("BackupRequested", f"catalog/backup/{body.backup_id}", **body.model_dump(mode="json"))
    await retaining.take(environment_id, document, body.backup_id)
    ids = {"backup_id": body.backup_id, "environment_id": environment_id}
    await shop.fact("BackupCompleted", f"snapshot/backup/{body.backup_id}", **ids, **completed_backup(body.backup_id))
    return body.backup_id


async def lived(retaining: Retaining, document: bytes = b"shared") -> Life:
    shop, environment_id = Shop(retaining.script), uuid4()
    deleted = await told(shop, retaining, environment_id, document)
    kept = await told(shop, retaining, environment_id, b"shared")
    own = await retaining.list_of(environment_id, deleted)
    await shop.fact(
        "BackupDeletionRequested",
        f"catalog/backup/{deleted}",
        backup_id=deleted,
        environment_id=environment_id,
        requested_at=retaining.clock.now().isoformat(),
        requested_by="Karla",
        was_last_good=False,
    )
    return Life(retaining, environment_id, deleted, kept, own)


async def until_dead(life: Life, process: Program) -> Sequence[Stage]:
    """Let time pass until the process has met its end; the stages that had not come by then."""
    stages = await until_ended(life, partial(is_dead, process))
    assert stages, "it lived to the end"
    return stages


async def until_ended(life: Life, is_ended: Callable[[], Awaitable[bool]]) -> Sequence[Stage]:
    """Let time pass from stage to stage until `is_ended`; the stages that had not come by then."""
    stages = life.stages()
    for place, stage in enumerate(stages):
        life.retaining.clock.on(seconds=stage.after.total_seconds())
        await life.retaining.while_sweeping(partial(either, stage.has_come, is_ended), every_hours=SOON_HOURS)
        if not await stage.has_come():
            return stages[place:]
    return ()


async def either(one: Callable[[], Awaitable[bool]], other: Callable[[], Awaitable[bool]]) -> bool:
    """Whether one of them is so."""
    return await one() or await other()


async def until_forgotten(life: Life, stages: Sequence[Stage]) -> None:
    """Let time pass until all that was left to come has come; for the first of it time has passed already."""
    for place, stage in enumerate(stages):
        if place:
            life.retaining.clock.on(seconds=stage.after.total_seconds())
        await life.retaining.while_sweeping(stage.has_come, every_hours=SOON_HOURS)


async def all_is_well(life: Life) -> None:
    """What was deleted is gone to its last byte, all else is there, and each fact was told once."""
    retaining = life.retaining
    assert retaining.names(life.deleted).count("BackupDeleted") == 1
    assert retaining.names(life.environment_id).count("SpaceReclaimed") == 1
    reclaimed = await retaining.told("SpaceReclaimed", life.environment_id)
    assert reclaimed.data["contents"] == 1
    assert not await retaining.has(life.environment_id, life.own)
    assert await retaining.repository(life.environment_id).verdict(life.deleted) is None
    assert await retaining.bytes_of(life.environment_id, life.kept) == [b"dump shared", b"shared"]


@pytest.mark.parametrize("doom", some_of(DOOMS, 3))
async def test_a_worker_killed_at_any_call_harms_nothing(place: Retaining, doom: str) -> None:
    life = await lived(place)
    with place.doomed(f"{doom} SIGKILL") as process:
        await eventually(life.is_known, within_seconds=PATIENCE_SECONDS)
        left = await until_dead(life, process)
    assert process.poll() == -signal.SIGKILL
    await place.nothing_dangles(life.environment_id)
    async with place.running():
        await until_forgotten(life, left)
    await all_is_well(life)


@pytest.mark.parametrize("document", [b"shared", b"condemned"])
async def test_a_reclaimer_that_slept_deletes_nothing_that_a_backup_has_stored_since(
    place: Retaining, document: bytes
) -> None:
    life = await lived(place, document)
    with place.doomed("delete packs/ before SIGSTOP") as process:
        await eventually(life.is_known, within_seconds=PATIENCE_SECONDS)
        await until_asleep(life, process)
        since = await told(Shop(place.script), place, life.environment_id, document)
        async with place.running():
            await eventually(life.has_no_mark, within_seconds=PATIENCE_SECONDS)
            after = await told(Shop(place.script), place, life.environment_id, document)
            process.send_signal(signal.SIGCONT)  # it relays what the other one has said
            await eventually(place.has_woken, within_seconds=PATIENCE_SECONDS)
            await place.told("SpaceReclaimed", life.environment_id)
    assert place.names(life.environment_id).count("SpaceReclaimed") == 1
    assert await place.bytes_of(life.environment_id, life.kept) == [b"dump shared", b"shared"]
    for backup_id in (since, after):
        assert await place.bytes_of(life.environment_id, backup_id) == [b"dump " + document, document]


async def until_asleep(life: Life, process: Program) -> None:
    """Let time pass until the process stands still."""
    assert await until_ended(life, partial(is_asleep, process)), "it never slept"


async def test_two_services_at_once_delete_each_backup_once(place: Retaining) -> None:
    lives = [await lived(place) for _ in range(6)]
    async with place.running(), place.running():
        for life in lives:
            await eventually(life.is_known, within_seconds=PATIENCE_SECONDS)
        for number, stage in enumerate(lives[0].stages()):
            place.clock.on(seconds=stage.after.total_seconds())
            for life in lives:
                await place.while_sweeping(life.stages()[number].has_come, every_hours=SOON_HOURS)
    for life in lives:
        await all_is_well(life)

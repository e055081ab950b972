"""A cancellation meets its work just before and just after what decides: one of them wins, and all agree which."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pytest

from contracts.errors import FailureCode, RejectionCode
from contracts.events.archives import DataType
from contracts.manifest import Manifest, Tombstone
from services.cli.errors import RefusedError
from services.platform.repository import RepositoryV2
from services.platform.repository.keys import read_key_file
from tests.history.checks import findings
from tests.soak import works
from tests.soak.fates import results
from tests.soak.witness import evidence_of
from tests.soak.world import World
from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.running_services import Service

pytestmark = pytest.mark.timeout(900)
COMPLETED, FAILED = "completed", "failed"
Ended = Any
"""A backup, a restore or an upload, as the gateway shows one that is over."""


@dataclass(frozen=True)
class Asked:
    """Work that was asked for, and what its environment must hold where it ends so."""

    work_id: UUID
    place: str
    holds: Mapping[str, tuple[str, dict[str, str]]]


@dataclass(frozen=True)
class Kind:
    """What can be cancelled: who does it, the step that decides, and how it `said` that it ended so.

    Where it was completed, `besides` was told, too, and its job is one of `done`. `behind` is what is there to see and
    to do when it is over.
    """

    name: str
    service: str
    step: str
    said: Mapping[str, str]
    ask: Callable[[World], Awaitable[Asked]]
    behind: Callable[[World, Asked, Ended], Awaitable[None]]
    besides: tuple[str, ...] = ()
    done: frozenset[str] = frozenset({"completed|"})

    async def cancel(self, world: World, work_id: UUID) -> Any:  # noqa: ANN401 -- one that is not over, maybe
        """Over HTTP. Raises RefusedError."""
        return await world.caller.change(getattr(world.gateway, f"cancel_{self.name}"), work_id)

    async def ended(self, world: World, work_id: UUID) -> Ended:
        """As soon as it is over."""
        show = getattr(world.gateway, self.name)
        return await world.caller.until(lambda: show(work_id), lambda one: one.state in self.said)


async def test_what_is_cancelled_is_that_or_completed_and_everything_says_the_same(world: World) -> None:
    for kind, when, goes_on in some_of(RACES, 3):
        service = world.platform.services[kind.service]
        asked = await _cancelled_at_the_step(world, kind, when, service)
        await goes_on(world, kind, service, asked.work_id)
        ended = await kind.ended(world, asked.work_id)
        await _must_agree(world, kind, asked, ended)
        if when == "after":  # it is decided since the step was done
            assert ended.state == COMPLETED, ended.failure
        elif goes_on is _another:
            assert ended.state == FAILED
    await world.backed_up()
    assert findings(await evidence_of(world)) == []


async def _cancelled_at_the_step(world: World, kind: Kind, when: str, service: Service) -> Asked:
    """Work that was cancelled over HTTP while its service stood there."""
    world.crash_file(kind.service).write_text(f"stop {when} step: {kind.step}", encoding="utf-8")
    asked = await kind.ask(world)
    await eventually(service.is_stopped, within_seconds=works.WITHIN_SECONDS)
    accepted = await kind.cancel(world, asked.work_id)
    assert accepted.state not in kind.said
    return asked


async def _the_same(_world: World, _kind: Kind, service: Service, _work_id: UUID) -> None:
    """The service goes on; it may hear of the cancellation in time or not."""
    service.process.send_signal(signal.SIGCONT)


async def _another(world: World, kind: Kind, service: Service, work_id: UUID) -> None:
    """Another life of it takes over as soon as it has heard of the cancellation, and the first wakes up behind that."""
    try:
        await world.platform.start(kind.service)
        await kind.ended(world, work_id)
        service.process.send_signal(signal.SIGCONT)
        await eventually(lambda: _is_overtaken(service), within_seconds=works.WITHIN_SECONDS)
        assert await asyncio.to_thread(service.end, signal.SIGTERM) == 0
    finally:
        await asyncio.to_thread(service.end)


async def _is_overtaken(service: Service) -> bool:
    """Whether it went on where it stood, and saw that its job is another's."""
    return await service.ready() and "lost" in await results(service)


async def _must_agree(world: World, kind: Kind, asked: Asked, ended: Ended) -> None:
    """The gateway, the log, the service's job, the environment, and who is asked to cancel it once more."""
    work_id, completed = asked.work_id, ended.state == COMPLETED
    assert (ended.failure and ended.failure.code) == (None if completed else FailureCode.CANCELLED)
    await world.told_once(kind.said[ended.state], work_id)
    told = {name: world.count(name, work_id) for name in (*kind.said.values(), *kind.besides)}
    assert told == {name: int(completed) for name in told} | {kind.said[FAILED]: int(not completed)}
    await world.told_once(f"{kind.name.title()}CancelRequested", work_id)
    about = f"WHERE kind = '{kind.name}' AND payload ->> '{kind.name}_id' = '{work_id}'"
    job = world.known(kind.service, f"SELECT state, last_code FROM job {about}")  # noqa: S608 -- an id, and names of ours
    assert job in (kind.done if completed else {"failed|CANCELLED"})
    assert world.places[asked.place].everything() == asked.holds[ended.state]
    with pytest.raises(RefusedError, match=f"this {kind.name} is {ended.state}") as refused:
        await kind.cancel(world, work_id)
    assert refused.value.code == RejectionCode.NOT_ALLOWED
    await kind.behind(world, asked, await kind.ended(world, work_id))


async def _backup(world: World) -> Asked:
    """Of production, which no backup changes."""
    held = world.places["production"].everything()
    asked = await world.caller.change(world.gateway.create_backup, world.environments["production"], "cancelled")
    return Asked(asked.backup_id, "production", dict.fromkeys((COMPLETED, FAILED), held))


async def _in_the_bucket(world: World, asked: Asked, ended: Ended) -> None:
    """A manifest, or a tombstone in its place."""
    key = read_key_file(world.platform.directory / "repository.key")
    verdict = await RepositoryV2(world.store, key).of(ended.environment_id).verdict(asked.work_id)
    assert verdict is not None
    assert type(verdict.decided) is {COMPLETED: Manifest, FAILED: Tombstone}[ended.state]
    if ended.state == COMPLETED:
        world.contents[asked.work_id] = asked.holds[COMPLETED]


async def _restore(world: World) -> Asked:
    """Into acceptance, which has become another one."""
    made = await world.a_backup()
    works.disturb(world)
    holds = {COMPLETED: world.contents[made.backup_id], FAILED: world.places["acceptance"].everything()}
    asked = await world.caller.change(world.gateway.create_restore, world.environments["acceptance"], made.backup_id)
    return Asked(asked.restore_id, "acceptance", holds)


async def _switched(_world: World, _asked: Asked, ended: Ended) -> None:
    """Told as having happened where it has."""
    assert (ended.switched_at is not None) is (ended.state == COMPLETED)


async def _upload(world: World) -> Asked:
    """Of what production holds, into the same."""
    acceptance = world.environments["acceptance"]
    works.disturb(world)
    holds = {COMPLETED: world.places["production"].everything(), FAILED: world.places["acceptance"].everything()}
    parcel_id = await works.sent(world, acceptance)
    full = DataType.FILES_AND_DATABASE
    asked = await world.caller.change(world.gateway.create_upload, acceptance, parcel_id, full)
    return Asked(asked.upload_id, "acceptance", holds)


async def _cleared(world: World, asked: Asked, ended: Ended) -> None:
    """As a restore; and its app is deployed again."""
    await _switched(world, asked, ended)
    if ended.state == COMPLETED:
        await world.caller.change(world.gateway.deploy, ended.environment_id, "7.1.0")


BACKUP: Final = Kind(
    "backup",
    "snapshot",
    "write the manifest",
    {COMPLETED: "BackupCompleted", FAILED: "BackupFailed"},
    _backup,
    _in_the_bucket,
    done=frozenset({"completed|", "failed|CANCELLED"}),  # whoever died behind the manifest may hear of it first
)
SWITCHES: Final = "refuse to be cancelled from here on"
RESTORE: Final = Kind(
    "restore", "restore", SWITCHES, {COMPLETED: "RestoreCompleted", FAILED: "RestoreFailed"}, _restore, _switched
)
UPLOAD: Final = Kind(
    "upload",
    "restore",
    SWITCHES,
    {COMPLETED: "DataUploaded", FAILED: "UploadFailed"},
    _upload,
    _cleared,
    besides=("EnvironmentCleared",),
)
RACES: Final = (
    *((kind, when, _the_same) for kind in (BACKUP, RESTORE, UPLOAD) for when in ("before", "after")),
    *((kind, "before", _another) for kind in (BACKUP, RESTORE, UPLOAD)),
    (BACKUP, "after", _another),  # whoever takes over a switch that nobody may cancel: see test_takeover
)

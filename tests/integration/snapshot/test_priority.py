"""A backup stands behind the app on a machine that both share: for the processor and for the disk."""

import psutil
import pytest

from contracts.events.backups import BackupCompleted
from tests.support.capturing import Place
from tests.support.eventually import eventually
from tests.support.processes import command_of
from tests.support.running_services import Platform
from tests.support.snapshotting import Snapshots

STARTED_AT = psutil.Process().nice()
"""Nobody is raised above what started it."""


def dump_of(service: psutil.Process) -> psutil.Process | None:
    """The dump that a service runs."""
    for child in service.children(recursive=True):
        words = command_of(child)
        if words and words[0].endswith("pg_dump") and "--format=custom" in words:
            return child
    return None


@pytest.mark.parametrize(("setting", "niceness"), [("15", 15), ("0", 0)])
async def test_a_backup_reads_compresses_and_dumps_behind_the_app(
    platform: Platform, told: Snapshots, place: Place, setting: str, niceness: int
) -> None:
    place.put(b"precious")
    platform.settings["NIGHTKEEP_SOURCE__NICENESS"] = setting
    await platform.start("snapshot")
    environment_id = await told.registered(place)
    service = psutil.Process(platform.services["snapshot"].process.pid)

    async def dump() -> psutil.Process | None:
        return dump_of(service)

    async with place.locked("document"):
        backup_id = await told.request(environment_id)
        dumping = await eventually(dump)
        assert dumping is not None
        others = [psutil.Process(thread.id).nice() for thread in service.threads()]
        for one in (service, dumping):
            assert one.nice() == max(STARTED_AT, niceness)
            assert (one.ionice().ioclass == psutil.IOPRIO_CLASS_BE) == bool(niceness)
        assert len([one for one in others if one != service.nice()]) <= 1, "the watch of the event loop alone stays"
    completed = await told.log.about(BackupCompleted, backup_id)
    assert completed.files.count == 1

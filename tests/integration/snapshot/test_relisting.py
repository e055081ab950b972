"""What a backup lists of its documents when little changed, and when everything is listed all the same."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import structlog
from prometheus_client import REGISTRY

from contracts.defaults import LIST_ALL_EVERY_DAYS
from contracts.events.backups import BackupCompleted
from services.platform.process.settings import ClockSettings
from tests.support.capturing import Place, settled
from tests.support.events import NOON
from tests.support.moved_clock import MovedBy
from tests.support.snapshotting import Snapshots

IN_TWO_DIRECTORIES = (UUID(int=1 << 120), UUID(int=2 << 120))
IN_THE_SECOND = UUID(int=(2 << 120) + 1)


async def test_a_backup_after_which_nothing_came_or_went_lists_nothing(place: Place) -> None:
    put = {place.put(b"%d" % number, one): b"%d" % number for number, one in enumerate(IN_TWO_DIRECTORIES)}
    await settled(place)
    with structlog.testing.capture_logs() as lines:
        first = place.manifest(await place.capture())
        second = place.manifest(await place.capture(previous=first))
        put[place.put(b"new", IN_THE_SECOND)] = b"new"
        third = place.manifest(await place.capture(previous=second))
        await place.capture(previous=third, list_all=True)
        await place.capture(previous=third, read_all=True)
    told = [line for line in lines if line["event"] == "documents listed"]
    assert [(line["documents"], line["unchanged_directories"]) for line in told] == [
        (2, 0), (0, 2), (2, 1), (3, 0), (3, 0),
    ]  # fmt: skip
    assert await place.stored(third) == put
    assert second.files.listing.contents == first.files.listing.contents
    assert (third.files.count, third.files.new_count) == (3, 1)


async def test_everything_is_listed_when_its_time_has_come(snapshots: Snapshots, place: Place, tmp_path: Path) -> None:
    clock = MovedBy(tmp_path / "moved-by")
    clock.to(NOON)
    settings = snapshots.settings.model_copy(update={"clock": ClockSettings(moved_by_file=clock.path)})
    for document in IN_TWO_DIRECTORIES:
        place.put(b"a document", document)
    await settled(place)
    async with replace(snapshots, settings=settings).running():
        environment_id = await snapshots.registered(place)

        async def listed(*, read_all: bool = False) -> int:
            before = _counted()
            backup_id = await snapshots.request(environment_id, read_all=read_all)
            await snapshots.log.about(BackupCompleted, backup_id)
            return _counted() - before

        assert await listed() == 2
        assert await listed() == 0
        assert await listed(read_all=True) == 2
        clock.on(days=LIST_ALL_EVERY_DAYS)
        assert await listed() == 2
        assert await listed() == 0


def _counted() -> int:
    return int(REGISTRY.get_sample_value("nightkeep_documents_listed_total") or 0)

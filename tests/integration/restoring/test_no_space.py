"""Where the object store has no room an upload fails with that reason, and changes nothing."""

from dataclasses import replace

import pytest

from contracts.events.archives import DataType
from contracts.events.uploads import DataUploaded, UploadFailed
from services.platform.objectstore import DirectoryObjectStore, FaultyObjectStore
from services.platform.repository import RepositoryV2
from tests.support.app_databases import AppDatabase
from tests.support.full_store import NoRoom
from tests.support.restore_stage import KEY, RestoreStage, place_of
from tests.support.sent_archives import tar_gz

DOCUMENT = place_of(1)
SENT = {".metadata": b'{"modelVersion": "6.0.0"}', f"tree/{DOCUMENT}": bytes(range(256)) * 9000}


@pytest.fixture
def room(stage: RestoreStage) -> NoRoom:
    """The store of the stage's repository, which a test fills."""
    faults = NoRoom()
    store = FaultyObjectStore(DirectoryObjectStore(stage.directory / "repository"), faults)
    stage.workplace = replace(stage.workplace, repository=RepositoryV2(store, KEY))
    return faults


async def test_an_upload_that_finds_no_room_fails_with_that_reason_and_the_next_one_succeeds(
    stage: RestoreStage, room: NoRoom, destination: AppDatabase
) -> None:
    place = await stage.register(destination)
    place.put({DOCUMENT: b"before"})
    room.full = True
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY)
    await stage.run(upload_id)
    failed = (await stage.said(upload_id))[-1]
    assert isinstance(failed, UploadFailed), failed
    assert (failed.code, failed.retryable) == ("NO_SPACE", True)
    assert failed.reason.startswith("the object store is full (507)")
    assert place.documents() == {DOCUMENT: b"before"}
    assert destination.run("SELECT id FROM before") == "1"

    room.full = False
    again = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY)
    await stage.run(again)
    assert isinstance((await stage.said(again))[-1], DataUploaded)
    assert place.documents() == {DOCUMENT: SENT[f"tree/{DOCUMENT}"]}

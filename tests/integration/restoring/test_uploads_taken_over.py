"""A worker killed at any step of an upload: the takeover finishes, and the one that wakes up late changes nothing."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest

from contracts.events.uploads import DataUploaded, EnvironmentCleared, UploadFailed, UploadStarted
from services.platform.process.errors import PermanentError
from services.restore.handlers import UPLOAD
from tests.integration.restoring.test_uploads import BEFORE, DOCUMENTS, assert_untouched, dumped, files, filled
from tests.support.app_databases import AppDatabase
from tests.support.dice import some_of
from tests.support.dying import Dying, Failing, die_and_be_taken_over
from tests.support.restore_stage import Place, RestoreStage
from tests.support.sent_archives import tar_gz

BEFORE_SWITCH = (
    "find the environment, and what an earlier attempt left",
    "read what was sent, to its end",
    "make a database beside the live one",
    "load the dump and add the documents that were sent",
    "refuse connections and end sessions",
)
BEHIND_SWITCH = (
    "switch the databases",
    "say that the environment is cleared",
    "put the documents that were sent in place",
    "remove what was there before",
)


@dataclass
class Scene:
    stage: RestoreStage
    place: Place
    sent: bytes

    async def ask(self) -> UUID:
        return await self.stage.ask_upload(self.place, self.sent)

    def assert_uploaded(self) -> None:
        """All of what was sent, and nothing else."""
        assert self.place.documents() == DOCUMENTS
        assert self.place.app.run("SELECT count(*) FROM customer") == "100"
        assert self.place.databases() == [self.place.app.name]


@pytest.fixture
async def scene(stage: RestoreStage, small: AppDatabase, destination: AppDatabase) -> Scene:
    return Scene(stage, await filled(stage, destination), tar_gz(files(await dumped(small, stage))))


@pytest.mark.parametrize("after", some_of([*BEFORE_SWITCH, *BEHIND_SWITCH], 4))
async def test_an_upload_is_finished_by_whoever_takes_it_over(scene: Scene, after: str) -> None:
    upload_id = await scene.ask()
    await die_and_be_taken_over(scene.stage, upload_id, UPLOAD, after, scene.assert_uploaded)
    scene.assert_uploaded()
    said = [type(event) for event in await scene.stage.said(upload_id)]
    assert said == [UploadStarted, EnvironmentCleared, DataUploaded]


async def test_that_it_is_cleared_is_told_before_the_documents_are_in_place(scene: Scene) -> None:
    upload_id = await scene.ask()
    dying = Dying(scene.stage.kinds()[UPLOAD], "say that the environment is cleared")
    async with scene.stage.working({UPLOAD: dying}):
        async with asyncio.timeout(120):
            await dying.stopped.wait()
        said = [type(event).__name__ for event in await scene.stage.said(upload_id)]
        assert said == ["UploadStarted", "EnvironmentCleared"]
        assert scene.place.documents() == {**DOCUMENTS, **BEFORE}
        dying.wakes_up.set()
        await scene.stage.ended(upload_id)
    scene.assert_uploaded()


@pytest.mark.parametrize("before", ["make a database beside the live one", "switch the databases"])
async def test_an_upload_that_fails_before_the_switch_changes_nothing(scene: Scene, before: str) -> None:
    upload_id = await scene.ask()
    failing = Failing(scene.stage.kinds()[UPLOAD], before, PermanentError("of a test"))
    async with scene.stage.working({UPLOAD: failing}):
        await scene.stage.ended(upload_id)
    assert isinstance((await scene.stage.said(upload_id))[-1], UploadFailed)
    assert_untouched(scene.place)
    assert scene.place.documents() == BEFORE


async def test_an_upload_that_fails_behind_the_switch_is_completed(scene: Scene) -> None:
    upload_id = await scene.ask()
    failing = Failing(scene.stage.kinds()[UPLOAD], "allow connections", PermanentError("of a test"))
    async with scene.stage.working({UPLOAD: failing}):
        await scene.stage.ended(upload_id)
    assert isinstance((await scene.stage.said(upload_id))[-1], DataUploaded)
    scene.assert_uploaded()

"""A worker killed at any point: the takeover finishes, and the one that wakes up late changes nothing."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest

from contracts.events.restores import RestoreCompleted, RestoreFailed, RestoreStarted, RestoreUndone
from services.platform.process.errors import TransientError
from services.restore.handlers import RESTORE, UNDO
from tests.soak import restores, works
from tests.soak.itinerary import work_of
from tests.support.app_databases import AppDatabase
from tests.support.dice import some_of
from tests.support.dying import Failing, die_and_be_taken_over
from tests.support.restore_stage import Place, RestoreStage, StoredBackup, place_of
from tests.support.seam_names import steps

SAME, OTHER, ABSENT, EXTRA = (place_of(number) for number in range(1, 5))
BACKED_UP = {SAME: b"same", OTHER: b"the backup's", ABSENT: b"absent"}
BEFORE = {SAME: b"same", OTHER: b"another", EXTRA: b"extra"}
STEPS = (
    "look at the destination and at the backup",
    "make a database beside the live one",
    "make schemas and extensions",
    "fix the list of what changes among the documents",
    "load the dump and add the documents",
    "apply policies and grants",
    "create publications",
    "create event triggers",
    "gather statistics",
    "refuse to be cancelled from here on",
    "refuse connections and end sessions",
    "switch the databases",
    "allow connections",
    "set documents aside and put the staged ones in place",
)
UNDO_STEPS = (
    "look for what was there before",
    "refuse connections and end sessions",
    "switch the databases back",
    "allow connections",
    "bring the documents back",
    "remove what the restore had brought",
)
SAID: Final = {"say that it is done", "say that it is undone"}
"""Behind these the job is over."""
TOGETHER: Final = {"load the dump", "add documents that are absent", "stage documents that differ"}
"""The parts of one step, which happen at the same time."""
OF_UPLOADS: Final = {"note what a sent dump may not change"}


@dataclass
class Scene:
    stage: RestoreStage
    backup: StoredBackup
    acceptance: Place
    before: str

    async def ask(self) -> UUID:
        return await self.stage.ask(self.backup, self.acceptance)

    async def die_and_be_taken_over(self, job_id: UUID, kind: str, after: str) -> None:
        await die_and_be_taken_over(self.stage, job_id, kind, after, self.assert_whole)

    def assert_whole(self) -> None:
        """Never half of each, never closed."""
        restored = self.acceptance.app.as_text() != self.before
        assert self.acceptance.documents() == (BACKED_UP if restored else BEFORE)


@pytest.fixture
async def scene(stage: RestoreStage, small: AppDatabase, destination: AppDatabase) -> Scene:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    return Scene(stage, await stage.back_up(production), acceptance, destination.as_text())


def test_no_step_is_left_out() -> None:
    found = [(work_of(step), step.sentence) for step in steps()]
    assert {sentence for work, sentence in found if work is works.restore} - SAID == {*STEPS} | TOGETHER | OF_UPLOADS
    assert {sentence for work, sentence in found if work is restores.undo} - SAID == {*UNDO_STEPS}


@pytest.mark.parametrize("after", some_of(STEPS, 5))
async def test_a_restore_that_was_abandoned_is_finished_by_the_next_worker(scene: Scene, after: str) -> None:
    restore_id = await scene.ask()
    await scene.die_and_be_taken_over(restore_id, RESTORE, after)
    said = await scene.stage.said(restore_id)
    assert [type(event) for event in said] == [RestoreStarted, RestoreCompleted]
    assert scene.acceptance.app.run("SELECT count(*) FROM customer") == "100"
    assert scene.acceptance.documents() == BACKED_UP
    assert scene.acceptance.databases() == [scene.acceptance.app.name, said[1].database.previous_database]
    assert said[1].files.added_count == 1
    assert said[1].database.tables == 1


@pytest.mark.parametrize("after", some_of(UNDO_STEPS, 2))
async def test_an_undo_that_was_abandoned_is_finished_by_the_next_worker(scene: Scene, after: str) -> None:
    restore_id = await scene.ask()
    await scene.stage.run(restore_id)
    undo = await scene.stage.ask_undo(restore_id, scene.acceptance)
    await scene.die_and_be_taken_over(undo, UNDO, after)
    said = await scene.stage.said(restore_id)
    assert [type(event) for event in said] == [RestoreStarted, RestoreCompleted, RestoreUndone]
    assert scene.acceptance.app.as_text() == scene.before
    assert scene.acceptance.documents() == BEFORE
    assert scene.acceptance.databases() == [scene.acceptance.app.name]


async def test_a_restore_that_fails_after_its_switch_is_completed_all_the_same(scene: Scene) -> None:
    restore_id = await scene.ask()
    kind = Failing(scene.stage.kinds()[RESTORE], STEPS[-1], TransientError("the documents went away"))
    async with scene.stage.working({RESTORE: kind}):
        await scene.stage.ended(restore_id)
    *_, completed = await scene.stage.said(restore_id)
    assert isinstance(completed, RestoreCompleted)
    assert scene.acceptance.documents() == BACKED_UP


async def test_a_restore_that_fails_with_everything_closed_opens_it_again(scene: Scene) -> None:
    restore_id = await scene.ask()
    kind = Failing(scene.stage.kinds()[RESTORE], "switch the databases", TransientError("the server was away"))
    async with scene.stage.working({RESTORE: kind}):
        await scene.stage.ended(restore_id)
    *_, failed = await scene.stage.said(restore_id)
    assert isinstance(failed, RestoreFailed)
    assert failed.retryable
    assert scene.acceptance.app.as_text() == scene.before
    assert scene.acceptance.documents() == BEFORE
    assert scene.acceptance.databases() == [scene.acceptance.app.name]


async def test_an_undo_that_fails_before_its_switch_opens_the_database_again(scene: Scene) -> None:
    restore_id = await scene.ask()
    await scene.stage.run(restore_id)
    restored = scene.acceptance.app.as_text()
    undo = await scene.stage.ask_undo(restore_id, scene.acceptance)
    kind = Failing(scene.stage.kinds()[UNDO], "switch the databases back", TransientError("the server was away"))
    async with scene.stage.working({UNDO: kind}):
        await scene.stage.ended(undo)
    *_, failed = await scene.stage.said(restore_id)
    assert type(failed).__name__ == "RestoreUndoFailed"
    assert scene.acceptance.app.as_text() == restored
    await scene.stage.run(await scene.stage.ask_undo(restore_id, scene.acceptance))
    assert scene.acceptance.app.as_text() == scene.before

"""A part that dies is started again, later each time, and it is said."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra.local import keeper as keeper_module
from infra.local.children import Command
from infra.local.errors import StackError
from infra.local.keeper import Keeper
from infra.local.part import Part
from tests.support.eventually import eventually


def part_of(directory: Path, script: str, prepare: Callable[[], None] = lambda: None) -> Part:
    command = Command(["bash", "-c", script], dict(os.environ), directory, directory / "log")

    async def is_ready() -> bool:
        return (directory / "ready").exists()

    return Part("thing", "service", "nowhere:1", directory / "log", prepare, lambda: command, is_ready, watched=False)


@asynccontextmanager
async def kept(part: Part) -> AsyncIterator[tuple[Keeper, list[str]]]:
    said: list[str] = []
    keeper = Keeper(part, say=said.append, changed=lambda: None, orphaned=lambda: None)
    task = asyncio.create_task(keeper.keep())
    yield keeper, said
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await keeper.stop()


async def test_a_part_is_ready_when_it_says_so(tmp_path: Path) -> None:
    async with kept(part_of(tmp_path, "touch ready; sleep 600")) as (keeper, said):
        await asyncio.wait_for(keeper.ready.wait(), 60)
        assert (keeper.status.state, keeper.status.pid) == ("ready", keeper.pid)
        assert "thing ready after" in said[0]
    assert (keeper.status.state, keeper.status.pid) == ("stopped", None)


async def test_a_killed_part_is_started_again_and_said_so(tmp_path: Path) -> None:
    async with kept(part_of(tmp_path, "touch ready; sleep 600")) as (keeper, said):
        await asyncio.wait_for(keeper.ready.wait(), 60)
        first = keeper.status.pid
        psutil.Process(first).kill()

        async def came_back() -> bool:
            return keeper.status.state == "ready" and keeper.status.pid != first

        await eventually(came_back)
        assert keeper.status.restarts == 1
        assert "thing was killed by signal 9; starting it again in 0.5 s" in said


async def test_a_part_that_is_busy_for_a_moment_stays_ready_and_one_that_stays_away_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "ASK_RUNNING_SECONDS", 0.01)
    coming = iter([True, False, False, True, False, False, False])
    heard: list[bool] = []

    async def is_ready() -> bool:
        heard.append(next(coming, False))
        return heard[-1]

    async with kept(replace(part_of(tmp_path, "sleep 600"), is_ready=is_ready, watched=True)) as (_, said):

        async def is_away() -> bool:
            return "thing is not ready any more" in said

        await eventually(is_away)
        assert heard[:7] == [True, False, False, True, False, False, False]
        assert len([text for text in said if "ready after" in text]) == 1


async def test_a_part_that_keeps_dying_waits_longer_each_time_and_tells_its_last_words(tmp_path: Path) -> None:
    async with kept(part_of(tmp_path, "echo out of luck; exit 3")) as (keeper, said):

        async def died_twice() -> bool:
            return keeper.status.restarts == 2

        await eventually(died_twice)
    assert "exit code 3 (out of luck); starting it again in 0.5 s" in said[0]
    assert "starting it again in 1 s" in said[1]


async def test_a_first_start_that_cannot_be_prepared_is_for_a_person_to_solve(tmp_path: Path) -> None:
    def prepare() -> None:
        raise StackError("no room")

    keeper = Keeper(part_of(tmp_path, "true", prepare), say=print, changed=lambda: None, orphaned=lambda: None)
    with pytest.raises(StackError, match="thing could not be started: no room"):
        await keeper.keep()

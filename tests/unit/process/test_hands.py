"""Helper processes: what they are asked for is done once more where they fail, and none is left behind."""

import asyncio
import operator
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE

import psutil
import pytest

from services.platform.process.hands import MOST, MOST_LOST, WAITING, HandFailedError, hands
from tests.support.eventually import eventually

PARENT = """
import asyncio, os
from services.platform.process.hands import hands

async def main():
    async with hands() as some:
        print(await some.run(os.getpid), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def is_there(pid: int) -> bool:
    """Whether a process lives; one that ended and that nobody has asked about does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_calls_are_made_in_other_processes_and_one_helper_does_one_after_another() -> None:
    async with hands() as some:
        first = await some.run(os.getpid)
        assert first != os.getpid()
        assert await some.run(os.getpid) == first
        assert await some.run(operator.mul, b"ab", 1_000_000) == b"ab" * 1_000_000
    assert not is_there(first)


def _slow_pid() -> int:
    time.sleep(0.3)  # longer than a helper that is idle takes to be given the next call
    return os.getpid()


@pytest.mark.parametrize(("waits", "more"), [(False, 0), (True, WAITING)])
async def test_there_are_as_many_of_them_as_processors_and_one_more_where_they_wait(
    waits: bool,  # noqa: FBT001 -- a parameter of the test
    more: int,
) -> None:
    async with hands() as some:
        most = min(len(os.sched_getaffinity(0)) + more, MOST)
        assert len({*await asyncio.gather(*(some.run(_slow_pid, waits=waits) for _ in range(4 * most)))}) == most


async def test_a_call_that_raises_is_told_and_the_helper_goes_on() -> None:
    async with hands() as some:
        pid = await some.run(os.getpid)
        with pytest.raises(HandFailedError, match="ZeroDivisionError"):
            await some.run(operator.truediv, 1, 0)
        assert await some.run(os.getpid) == pid


async def test_where_helpers_die_again_and_again_no_more_are_started() -> None:
    async with hands() as some:
        for _ in range(MOST_LOST):
            with pytest.raises(HandFailedError):
                await some.run(os._exit, 1)
        with pytest.raises(HandFailedError, match="too many"):
            await some.run(os.getpid)


async def test_a_call_that_nobody_waits_for_any_more_is_made_to_its_end_and_the_helper_goes_on() -> None:
    async with hands() as some:
        pid = await some.run(os.getpid)
        under_way = asyncio.create_task(some.run(time.sleep, 0.3))
        began = time.monotonic()
        await asyncio.sleep(0.05)
        for _ in range(2):
            under_way.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await under_way
        assert time.monotonic() - began >= 0.3
        assert await some.run(os.getpid) == pid


async def test_what_a_helper_prints_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    async with hands() as some:
        await some.run(print, "hello, all of you")
        assert await some.run(operator.add, 1, 1) == 2
    assert "hello, all of you" in capfd.readouterr().err


async def test_helpers_of_a_process_that_was_killed_are_gone_too() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=PIPE)
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    assert is_there(pid)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    async def gone() -> bool:
        return not is_there(pid)

    await eventually(gone)

"""What several sources give comes as one, and ends as one."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.process.merging import merged


async def numbers(name: str, count: int, closed: list[str]) -> AsyncGenerator[tuple[str, int], None]:
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield name, number
    finally:
        closed.append(name)


@given(
    counts=st.lists(st.integers(min_value=0, max_value=5), max_size=6), at_once=st.integers(min_value=1, max_value=4)
)
def test_all_of_all_sources_come_each_in_its_order(counts: list[int], at_once: int) -> None:
    async def run() -> list[tuple[str, int]]:
        closed: list[str] = []
        sources = (numbers(f"source {which}", count, closed) for which, count in enumerate(counts))
        found = [item async for item in merged(sources, at_once)]
        assert len(closed) == len(counts)
        return found

    found = asyncio.run(run())
    assert len(found) == sum(counts)
    for which, count in enumerate(counts):
        assert [number for name, number in found if name == f"source {which}"] == list(range(count))


async def test_a_slow_source_holds_nobody_up_but_itself() -> None:
    others_came = asyncio.Event()

    async def slow() -> AsyncGenerator[str, None]:
        await others_came.wait()
        yield "slow"

    async def quick() -> AsyncGenerator[str, None]:
        for _ in range(3):
            yield "quick"

    found = []
    async for item in merged([slow(), quick()], 2):
        found.append(item)
        if len(found) == 3:
            others_came.set()
    assert found == ["quick", "quick", "quick", "slow"]


async def test_no_more_are_begun_than_may_run_at_once_and_each_is_one_item_ahead_at_most() -> None:
    given_out: list[int] = []

    async def counting(which: int) -> AsyncGenerator[int, None]:
        for _ in range(100):
            given_out.append(which)
            yield which

    sources = merged((counting(which) for which in range(10)), 3)
    taken = [await anext(sources) for _ in range(6)]
    await asyncio.sleep(0.01)
    assert set(given_out) == {0, 1, 2}
    assert len(given_out) <= len(taken) + 2 * 3
    await sources.aclose()


async def test_the_first_error_ends_all_of_them_as_itself() -> None:
    closed: list[str] = []

    async def broken() -> AsyncGenerator[tuple[str, int], None]:
        yield "broken", 0
        raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        [item async for item in merged([numbers("endless", 10**9, closed), broken()], 2)]
    assert closed == ["endless"]


async def test_who_takes_no_more_ends_all_of_them() -> None:
    closed, tasks = list[str](), asyncio.all_tasks()
    found = merged([numbers(name, 10**9, closed) for name in ("one", "other")], 2)
    await anext(found)
    await found.aclose()
    assert sorted(closed) == ["one", "other"]
    assert asyncio.all_tasks() <= tasks


async def test_cancelled_it_ends_all_of_them() -> None:
    closed: list[str] = []

    async def stuck(name: str) -> AsyncGenerator[str, None]:
        try:
            await asyncio.Event().wait()
            yield name
        finally:
            closed.append(name)

    async def take() -> None:
        async for _ in merged([stuck("one"), stuck("other")], 2):
            pass

    taking = asyncio.create_task(take())
    await asyncio.sleep(0.01)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert sorted(closed) == ["one", "other"]

"""A download that was begun ends when it is closed, whether or not anybody has taken anything of it."""

from collections.abc import AsyncGenerator

import pytest

from services.gateway.adapters.downloads import Begun


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
async def test_closing_ends_the_making_however_much_was_taken(taken: int) -> None:
    ended = []

    async def making() -> AsyncGenerator[bytes, None]:
        try:
            for number in range(3):
                yield b"%d" % number
        finally:
            ended.append(taken)

    several = making()
    begun = Begun(await anext(several), several)
    assert [await anext(begun) for _ in range(taken)] == [b"0", b"1", b"2"][:taken]
    await begun.aclose()
    assert ended == [taken]

"""A store that takes nothing keeps the source waiting, so that memory stays bounded."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import pytest

from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.packer import PACK_BYTES, UPLOADS
from tests.suites.repository import KEY
from tests.support.memory_store import MemoryObjectStore

MEBIBYTE: Final = 1024 * 1024
BOUND: Final = (UPLOADS + 2) * 2 * PACK_BYTES // MEBIBYTE
"""Packs that wait, the open one and what is on its way to it: each may have twice the size it is closed from."""


class StuckStore(MemoryObjectStore):
    """Takes keys, but no pack."""

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        if len(data) >= PACK_BYTES:
            await asyncio.Event().wait()
        return await super().put(key, data, only_if_absent=only_if_absent)


Store = Callable[[EnvironmentRepository, AsyncIterator[bytes]], Coroutine[Any, Any, object]]


@pytest.mark.parametrize(
    "store",
    [lambda to, pieces: to.store(pieces), lambda to, pieces: to.store_dump(pieces, None)],
    ids=["document", "dump"],
)
async def test_a_source_waits_while_the_store_takes_nothing(store: Store) -> None:
    taken = 0

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        for taken in range(1, 8 * BOUND):  # noqa: B007 -- told to the test
            yield os.urandom(MEBIBYTE)

    storing = asyncio.create_task(store(RepositoryV2(StuckStore(), KEY).of(uuid4()), source()))
    done, _ = await asyncio.wait([storing], timeout=3)
    assert not done
    assert UPLOADS * PACK_BYTES // MEBIBYTE < taken <= BOUND
    storing.cancel()
    with suppress(asyncio.CancelledError):
        await storing

"""What is stored is read several ranges at a time: a store that is far away costs its distance once, not each time."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from contracts.values import DirectoryFiles
from services.platform.connectors.files.opening import open_documents
from services.platform.process.secrets import SecretDirectory
from services.platform.repository import EnvironmentRepository, RepositoryV2
from tests.suites.document_store import pieces
from tests.suites.repository import KEY
from tests.suites.restore_documents import Ground, place_of, whole
from tests.support.memory_store import MemoryObjectStore

MEBIBYTE: Final = 1024 * 1024
AT_ONCE: Final = 2
SHORTEST_BYTES: Final = 128 * 1024
"""Random data is cut at random: several contents in a row may be shorter than a mebibyte, and none than this."""


@dataclass
class PairedStore(MemoryObjectStore):
    """Answers the first long range only when another one is asked for meanwhile."""

    long_bytes: int = MEBIBYTE
    waiting: int = 0
    together: asyncio.Event = field(default_factory=asyncio.Event)

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        if size_bytes >= self.long_bytes:
            self.waiting += 1
            if self.waiting >= AT_ONCE:
                self.together.set()
            await asyncio.wait_for(self.together.wait(), 10)
        return await super().get_range(key, offset, size_bytes)


@pytest.fixture
def repository() -> EnvironmentRepository:
    return RepositoryV2(PairedStore(), KEY).of(uuid4())


async def test_a_download_reads_ahead() -> None:
    repository = RepositoryV2(PairedStore(long_bytes=SHORTEST_BYTES), KEY).of(uuid4())
    data = os.urandom(40 * MEBIBYTE)
    stored = await repository.store(pieces(data))
    assert b"".join([piece async for piece in repository.read(stored.contents)]) == data


async def test_a_restore_reads_several_documents_at_once(repository: EnvironmentRepository, tmp_path: Path) -> None:
    root, scratch = tmp_path / "documents", tmp_path / "scratch"
    root.mkdir()
    scratch.mkdir()
    documents = {place_of(number): os.urandom(MEBIBYTE) for number in range(4)}
    ground = Ground(scratch, repository)
    backup = await ground.back_up(documents)
    async with open_documents(DirectoryFiles(path=str(root)), SecretDirectory(root)) as store:
        await whole(ground.restore(store), backup)
    assert {place: (root / place).read_bytes() for place in documents} == documents

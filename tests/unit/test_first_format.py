"""A backup of the first format, which nothing writes any more, is exported, checked and restored as any other."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contracts.manifest import CONTENT_BYTES, Manifest
from services.cli.__main__ import app
from services.cli.exits import Exit
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.threads import threads
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository.hashing import keyed_hash
from services.platform.repository.keys import environment_keys
from services.platform.repository.layout import content_key
from tests.suites.document_store import tree
from tests.suites.restore_documents import ABSENT, BACKUP, BEFORE, KEY, LARGE, SAME, Ground, fill, whole
from tests.support.first_backups import FirstBackups

DUMP = b"PGDMP" + os.urandom(CONTENT_BYTES + 1000)
"""Two contents."""
DUMP_END = f"database dump, bytes {CONTENT_BYTES} to {len(DUMP)}"
DOCUMENTS = {**BACKUP, LARGE: b"large" * (CONTENT_BYTES // 4)}
"""One of them has two."""


class Kept:
    """A repository that holds one backup of the first format, and no wrapped key."""

    def __init__(self, directory: Path) -> None:
        self.ground = Ground.at(directory)
        self.root = directory / "repository"
        self.store = DirectoryObjectStore(self.root)
        self.environment_id = self.ground.repository.environment_id
        self.master_key = directory / "master.key"
        self.master_key.touch(mode=0o600)
        self.master_key.write_text(KEY.hex())

    async def take(self) -> Manifest:
        return await FirstBackups(self.store, KEY, self.environment_id).take(DUMP, DOCUMENTS)

    def name_of(self, place: str) -> str:
        """The content that a small document is."""
        return keyed_hash(environment_keys(KEY, self.environment_id).content, DOCUMENTS[place])

    async def rot(self, name: str) -> None:
        """Flip a bit of a content."""
        key = content_key(self.environment_id, name)
        data = bytearray(await self.store.get(key))
        data[len(data) // 2] ^= 1
        await self.store.put(key, bytes(data))

    async def run(self, *words: object) -> Result:
        """A command of the command line on it."""
        where = ("--directory", self.root, "--master-key", self.master_key)
        return await asyncio.to_thread(CliRunner().invoke, app, ["repository", *map(str, (*words, *where))])


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    assert not (kept.root / "keys").exists(), "who reads makes no key"


async def test_it_is_exported_byte_for_byte(kept: Kept, tmp_path: Path) -> None:
    backup, out = await kept.take(), tmp_path / "out"
    assert (len(backup.database.contents), backup.files.count) == (2, len(DOCUMENTS))
    result = await kept.run("export", backup.backup_id, "--to", out)
    assert result.exit_code == Exit.OK, result.output
    assert (out / "database.dump").read_bytes() == DUMP
    assert {place: (out / "files" / place).read_bytes() for place in DOCUMENTS} == DOCUMENTS
    assert sorted(path.name for path in out.iterdir()) == ["database.dump", "files", "manifest.json"]


async def test_a_sound_one_is_checked_and_nothing_is_told(kept: Kept) -> None:
    await kept.take()
    for percent in (0, 100):
        report = await kept.ground.repository.check(read_percent=percent, seed=1)
        assert (report.backups, report.damages) == (1, [])


async def test_what_is_damaged_or_gone_is_named_by_its_place_once_it_is_read(kept: Kept) -> None:
    backup = await kept.take()
    await kept.rot(backup.database.contents[1])
    await kept.rot(kept.name_of(SAME))
    await kept.store.delete(content_key(kept.environment_id, kept.name_of(ABSENT)))
    assert (await kept.ground.repository.check(read_percent=0, seed=1)).damage_count == 0
    report = await kept.ground.repository.check(read_percent=1, seed=1)
    assert {damage.backup_id for damage in report.damages} == {backup.backup_id}
    told = {damage.place: damage.reason for damage in report.damages}
    assert set(told) == {DUMP_END, f"document {SAME}", f"document {ABSENT}"}
    assert "is damaged" in told[DUMP_END]
    assert "is damaged" in told[f"document {SAME}"]
    assert "is not in the repository" in told[f"document {ABSENT}"]


async def test_its_documents_are_restored_and_nothing_else_is_there_afterwards(kept: Kept, tmp_path: Path) -> None:
    backup, root = await kept.take(), tmp_path / "app"
    root.mkdir()
    async with threads() as some:
        store = DirectoryDocuments(root, some)
        await fill(store, BEFORE)
        difference = await whole(kept.ground.restore(store), backup.files.listing)
        assert await tree(store) == DOCUMENTS
    assert (difference.count, difference.same_count, difference.set_aside_count) == (len(DOCUMENTS), 1, 1)

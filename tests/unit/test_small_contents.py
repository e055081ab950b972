"""Small contents that are packed and opened where documents are read and written: in helper processes, too."""

import os
import pickle
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from contracts.manifest import Lines
from services.platform.connectors.files import DocumentStore
from services.platform.connectors.files import threads as some_threads
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.s3 import S3Documents
from services.platform.connectors.files.threads import threads
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import Packed, Present, RepositoryV2, read_documents
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.layout import pack_prefix
from services.platform.repository.small import Packing, Unopened
from services.platform.repository.stored_index import HEAD_BYTES
from tests.suites.document_store import content, new_place, tree
from tests.suites.dumps import Nights, Table
from tests.suites.restore_documents import KEY, Ground, place_of, whole
from tests.support.damaging import rot
from tests.support.first_backups import FirstBackups

ABSENT: Final = "b3:" + "0" * 64
DOCUMENTS: Final = {place_of(number): os.urandom(500) + b"text " * 100 for number in range(1, 401)}
"""Helpers write the last of them."""


class ShortOnce(DirectoryObjectStore):
    """What comes of a part is damaged at the first time: its last byte, and it is whole in the store."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._had: set[tuple[str, int]] = set()

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        data = await super().get_range(key, offset, size_bytes)
        if (key, offset) in self._had or "/packs/" not in f"/{key}":
            return data
        self._had.add((key, offset))
        return data[:-1] + bytes([data[-1] ^ 1])


async def closed(ground: Ground, backup: Lines) -> None:
    """Its packs are in the store."""
    async for _ in ground.repository.read(backup.contents):
        pass


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground.at(tmp_path)


@pytest.fixture(params=["directory", "bucket"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DocumentStore]:
    monkeypatch.setattr(some_threads, "FEW", 100)
    root = tmp_path / "documents"
    root.mkdir()
    if request.param == "bucket":
        yield S3Documents(DirectoryObjectStore(root), "bucket")
        return
    async with threads() as some:
        yield DirectoryDocuments(root, some)


async def test_what_comes_damaged_and_lies_whole_is_asked_for_again(
    ground: Ground, tmp_path: Path, store: DocumentStore
) -> None:
    backup = await ground.back_up(DOCUMENTS)
    await closed(ground, backup)
    damaging = ShortOnce(tmp_path / "repository")
    ground.repository = RepositoryV2(damaging, KEY).of(ground.repository.environment_id)
    await whole(ground.restore(store), backup)
    assert await tree(store) == DOCUMENTS


async def test_what_is_damaged_in_the_store_is_named_and_never_written(
    ground: Ground, tmp_path: Path, store: DocumentStore
) -> None:
    backup, [*_, last] = await ground.back_up(DOCUMENTS), DOCUMENTS
    name = (await ground.line(last, DOCUMENTS[last])).contents[0]
    await closed(ground, backup)
    packs = DirectoryObjectStore(tmp_path / "repository")
    await rot(packs, KEY, ground.repository.environment_id, name)
    ground.repository = RepositoryV2(packs, KEY).of(ground.repository.environment_id)
    with pytest.raises(ContentCorruptError, match=name):
        await whole(ground.restore(store), backup)
    there = await tree(store)
    assert there.items() < DOCUMENTS.items()
    assert last not in there


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("gone", [True, False])
async def test_another_pack_does_where_one_is_damaged_or_gone(
    ground: Ground,
    tmp_path: Path,
    store: DocumentStore,
    first: bool,  # noqa: FBT001 -- a case
    gone: bool,  # noqa: FBT001 -- a case
) -> None:
    packs, environment_id = DirectoryObjectStore(tmp_path / "repository"), ground.repository.environment_id
    writers = [ground, Ground(ground.scratch, RepositoryV2(packs, KEY).of(environment_id))]
    for writer in writers:  # opened before the other stores anything, neither knows of it
        await writer.repository.positions([ABSENT])
    backups = [await writer.back_up(DOCUMENTS) for writer in writers]
    for writer, backup in zip(writers, backups, strict=True):
        await closed(writer, backup)
    both = sorted([info.key async for info in packs.list(pack_prefix(environment_id))])
    assert len(both) == 2
    key = both[not first]
    data = await packs.get(key)
    ground.repository = RepositoryV2(packs, KEY).of(environment_id)
    await ground.repository.positions([ABSENT])  # it knows of both
    if gone:
        await packs.delete(key)
    else:
        await packs.put(key, data[:HEAD_BYTES] + bytes(byte ^ 1 for byte in data[HEAD_BYTES:]))
    await whole(ground.restore(store), backups[0])
    assert await tree(store) == DOCUMENTS


async def test_contents_go_to_another_process_and_back_without_their_keys_in_words(ground: Ground) -> None:
    packing = await ground.repository.packing()
    assert isinstance(packing, Packing)
    documents = [b"", b"small", os.urandom(200_000), b"text " * 40_000]
    packed = [pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(packing))(data))) for data in documents]  # noqa: S301 -- ours
    stored = await ground.repository.store_small(packed)
    assert [one.bytes for one in stored] == [len(data) for data in documents]
    unopened = await ground.repository.unopened([one.contents[0] for one in stored])
    there = pickle.loads(pickle.dumps(unopened))  # noqa: S301 -- ours
    assert [one.opened() for one in there] == documents
    said = repr((packing, there))
    assert isinstance(there[0], Unopened)
    for key in (packing.name_key, *there[0].cipher.ring.keys):
        assert key.hex() not in said
        assert repr(key) not in said


async def test_what_is_there_is_only_named_and_what_is_not_is_packed(ground: Ground) -> None:
    there, other, listed = b"there", b"of another size", await ground.repository.store_bytes(b"there")
    async for _ in ground.repository.read(listed.contents):  # closes the pack
        pass
    packing = await ground.repository.packing([listed.hash, ABSENT, "0" * 64])
    assert isinstance(packing(there), Present)
    assert isinstance(packing(other), Packed)
    one, two = await ground.repository.store_small([packing(there), packing(other)])
    assert (one.contents, one.bytes, one.stored_bytes) == (listed.contents, len(there), 0)
    assert two.stored_bytes
    with pytest.raises(RuntimeError, match="no longer"):
        await ground.repository.store_small([Present(bytes(32), 1)])


async def test_a_content_that_has_another_name_than_its_bytes_is_not_given_out(ground: Ground) -> None:
    packing = await ground.repository.packing()
    right, wrong = packing(b"some bytes"), packing(b"other bytes")
    assert isinstance(right, Packed)
    [stored] = await ground.repository.store_small([right._replace(digest=wrong.digest)])
    [unopened] = await ground.repository.unopened(stored.contents)
    assert isinstance(unopened, Unopened)
    with pytest.raises(ContentCorruptError, match="another keyed hash"):
        unopened.opened()


async def test_what_is_a_delta_comes_open(tmp_path: Path) -> None:
    nights, table = Nights(RepositoryV2(DirectoryObjectStore(tmp_path), KEY), uuid4()), Table()
    await nights.back_up(table.dump())
    table.night(0.02)
    data = table.dump()
    later = await nights.back_up(data)
    came = await nights.repository().unopened(later.database.contents)
    assert all(isinstance(one, bytes) for one in came)
    assert b"".join(one for one in came if isinstance(one, bytes)) == data


async def test_contents_are_told_in_the_order_in_which_they_lie(ground: Ground) -> None:
    names = [(await ground.repository.store_bytes(b"%d" % number)).hash for number in range(250)]
    async for _ in ground.repository.read(names[:1]):  # closes the pack
        pass
    shuffled = random.Random(1).sample(names, len(names))  # noqa: S311 -- an order
    positions = await ground.repository.positions([*shuffled, ABSENT, "0" * 64])
    assert positions[-2:] == [0, 0]
    assert [name for _, name in sorted(zip(positions, shuffled, strict=False))] == names


async def test_contents_of_the_first_format_come_open(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    packs, environment_id = DirectoryObjectStore(tmp_path / "repository"), ground.repository.environment_id
    first = await FirstBackups(packs, KEY, environment_id).take(b"PGDMP", {place_of(1): b"of the first format"})
    second = await ground.repository.store_bytes(b"of the second")
    [[line]] = [lines async for lines in read_documents(ground.repository, first.files.listing)]
    came = await ground.repository.unopened([*line.contents, *second.contents])
    assert came[0] == b"of the first format"
    assert isinstance(came[1], Unopened)
    assert came[1].opened() == b"of the second"


async def test_one_that_cannot_be_opened_is_an_error_and_nothing_of_its_bundle_is_there(store: DocumentStore) -> None:
    bundle: Mapping[str, bytes | _Broken] = {new_place(): b"whole", new_place(): _Broken()}
    with pytest.raises(ContentCorruptError):
        await store.add_small(bundle)
    assert await tree(store) == {}
    await store.add_small(dict.fromkeys(bundle, b"now"))
    assert await content(store, list(bundle)[1]) == b"now"


class _Broken:
    """See Openable."""

    def opened(self) -> bytes:
        raise ContentCorruptError("the content is damaged")

"""What every stored format must do, on whatever object store; the real formats and stores run it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, nullcontext
from dataclasses import replace
from functools import cache
from uuid import UUID, uuid4

import pytest

from contracts.manifest import CONTENT_BYTES, Burial, DocumentLine, Lines
from services.platform.objectstore import Faults, FaultyObjectStore, ObjectStore, StoreUnavailableError
from services.platform.repository import EnvironmentRepository, Repository, RepositoryV2, read_documents
from services.platform.repository.cutting import WHOLE_BYTES, WINDOW_BYTES
from services.platform.repository.errors import (
    ContentCorruptError,
    ContentMissingError,
    ManifestCorruptError,
    ManifestMissingError,
    ManifestStandsError,
    RepositoryKeyError,
)
from services.platform.repository.layout import index_prefix, pack_prefix
from tests.support.manifests import manifest, tombstone

KEY = bytes(range(32))


async def pieces(data: bytes, size_bytes: int = 700_001) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size_bytes):
        yield data[start : start + size_bytes]


async def each(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def packs_of(store: ObjectStore, repository: EnvironmentRepository) -> str:
    """The key of the only pack of an environment."""
    [key] = [info.key async for info in store.list(pack_prefix(repository.environment_id))]
    return key


async def read(repository: EnvironmentRepository, contents: tuple[str, ...]) -> bytes:
    return b"".join([piece async for piece in repository.read(contents)])


class RepositoryBehaviour:
    """A subclass brings the fixture `store`: a new, empty object store."""

    @pytest.fixture
    def root(self, store: ObjectStore) -> Repository:
        return RepositoryV2(store, KEY)

    @pytest.fixture
    def repository(self, root: Repository) -> EnvironmentRepository:
        return root.of(uuid4())

    @pytest.mark.parametrize(
        "size_bytes", [0, 1, 16_385, WHOLE_BYTES, WHOLE_BYTES + 1, WINDOW_BYTES, WINDOW_BYTES + 1, 3 * CONTENT_BYTES]
    )
    async def test_what_was_stored_is_read_back_whatever_its_size(
        self, repository: EnvironmentRepository, size_bytes: int
    ) -> None:
        data = os.urandom(size_bytes)
        stored = await repository.store(pieces(data))
        assert await read(repository, stored.contents) == data
        assert stored.bytes == size_bytes
        assert len(stored.contents) == 1 or size_bytes > WHOLE_BYTES

    async def test_another_process_reads_what_a_manifest_names(self, root: Repository) -> None:
        writer, data = root.of(uuid4()), os.urandom(2 * CONTENT_BYTES)
        stored = await writer.store(pieces(data))
        await writer.put_manifest(manifest(uuid4(), writer.environment_id, writer.key_id))
        assert await read(root.of(writer.environment_id), stored.contents) == data

    async def test_a_large_document_that_grew_at_its_begin_shares_its_rest(
        self, repository: EnvironmentRepository
    ) -> None:
        data = os.urandom(CONTENT_BYTES)
        await repository.store(pieces(data))
        grown = await repository.store(pieces(b"a new first line\n" + data))
        assert grown.stored_bytes < CONTENT_BYTES / 2

    async def test_what_does_not_compress_takes_hardly_more_than_its_size(
        self, repository: EnvironmentRepository
    ) -> None:
        assert (await repository.store_bytes(os.urandom(100_000))).stored_bytes < 100_100

    async def test_the_hash_is_that_of_the_hasher_and_of_another_way_to_store(
        self, repository: EnvironmentRepository
    ) -> None:
        data = os.urandom(CONTENT_BYTES * 2 + 5)
        for part in (data, data[:CONTENT_BYTES], data[:77], b""):
            hasher = await repository.hasher()
            async for piece in pieces(part, 999_983):
                hasher.update(piece)
            assert (await repository.store(pieces(part))).hash == hasher.hexdigest()
        assert (await repository.store_bytes(b"x")).hash == (await repository.store(pieces(b"x"))).hash

    async def test_what_is_there_already_is_not_stored_again(self, repository: EnvironmentRepository) -> None:
        data = os.urandom(1000)
        first = await repository.store_bytes(data)
        again = await repository.store(pieces(data))
        assert first.stored_bytes > 0
        assert again.stored_bytes == 0
        assert again.contents == first.contents

    async def test_small_ones_are_stored_together_as_they_are_one_by_one(
        self, repository: EnvironmentRepository
    ) -> None:
        there, twice, large = os.urandom(1000), os.urandom(1000), os.urandom(100_000)
        first = await repository.store_bytes(there)
        documents = [b"", there, twice, large, twice, *(os.urandom(100) for _ in range(250))]
        packing = await repository.packing()
        stored = await repository.store_small([packing(data) for data in documents])
        assert [one.stored_bytes > 0 for one in stored] == [True, False, True, True, False] + [True] * 250
        assert stored[1].contents == first.contents
        assert list(stored) == [
            replace(await repository.store_bytes(data), stored_bytes=one.stored_bytes)
            for data, one in zip(documents, stored, strict=True)
        ]
        await repository.put_manifest(manifest(uuid4(), repository.environment_id, repository.key_id))
        assert [await read(repository, one.contents) for one in stored] == documents
        absent = "b3:" + "0" * 64
        assert await repository.unusable({absent, *(one.hash for one in stored)}) == {absent}

    async def test_compressible_bytes_take_less_room(self, repository: EnvironmentRepository) -> None:
        assert (await repository.store_bytes(b"the same again " * 10_000)).stored_bytes < 1500

    async def test_two_environments_share_nothing_and_name_the_same_bytes_differently(self, root: Repository) -> None:
        one, other = root.of(uuid4()), root.of(uuid4())
        stored = await one.store_bytes(b"the same secret")
        assert (await other.store_bytes(b"the same secret")).hash != stored.hash
        with pytest.raises(ContentMissingError):
            await read(other, stored.contents)

    @pytest.mark.parametrize("damage", ["flipped", "cut", "swapped", "removed"])
    async def test_damaged_content_is_never_handed_out(self, store: ObjectStore, root: Repository, damage: str) -> None:
        repository, other = root.of(uuid4()), root.of(uuid4())
        stored = await repository.store_bytes(os.urandom(50_000))
        for one in (repository, other):
            await one.store_bytes(b"another")
            await one.put_manifest(manifest(uuid4(), one.environment_id, one.key_id))
        key, foreign = await packs_of(store, repository), await packs_of(store, other)
        good = await store.get(key)
        match damage:
            case "flipped":
                await store.put(key, good[:30] + bytes([good[30] ^ 1]) + good[31:])
            case "cut":
                await store.put(key, good[:40_000])
            case "swapped":
                await store.put(key, await store.get(foreign))
            case _:
                await store.delete(key)
        with pytest.raises(ContentMissingError if damage == "removed" else ContentCorruptError):
            await read(root.of(repository.environment_id), stored.contents)

    async def test_a_lost_index_is_made_again_from_the_packs(self, store: ObjectStore, root: Repository) -> None:
        repository, data = root.of(uuid4()), os.urandom(50_000)
        stored = await repository.store_bytes(data)
        await repository.put_manifest(manifest(uuid4(), repository.environment_id, repository.key_id))
        [index] = [info.key async for info in store.list(index_prefix(repository.environment_id))]
        for damaged in (None, b"NKSO", (await store.get(index))[:-1]):
            await store.delete(index)
            if damaged is not None:
                await store.put(index, damaged)
            again = root.of(repository.environment_id)
            assert await read(again, stored.contents) == data
            assert (await again.store_bytes(data)).stored_bytes == 0

    async def test_nothing_that_was_stored_can_be_read_in_the_store(self, store: ObjectStore, root: Repository) -> None:
        repository = root.of(uuid4())
        stored = await repository.store_bytes(b"a very secret document " * 100)
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        await repository.put_manifest(written)
        for key in [info.key async for info in store.list("")]:
            data = await store.get(key)
            assert b"secret" not in data
            assert b"Production" not in data
            assert stored.contents[0].removeprefix("b3:").encode() not in data
            assert bytes.fromhex(stored.contents[0].removeprefix("b3:")) not in data

    async def test_reading_may_be_broken_off(self, repository: EnvironmentRepository) -> None:
        stored = await repository.store(pieces(os.urandom(CONTENT_BYTES * 4)))
        async with aclosing(repository.read(stored.contents)) as stream:
            async for _ in stream:
                break

    async def test_a_store_that_goes_away_ends_storing_with_its_own_error(self, store: ObjectStore) -> None:
        environment_id = uuid4()
        await RepositoryV2(store, KEY).of(environment_id).hasher()
        faulty = FaultyObjectStore(store, Faults(before={"put": 1}))
        repository = RepositoryV2(faulty, KEY).of(environment_id)

        async def back_up() -> None:
            await repository.store(pieces(os.urandom(CONTENT_BYTES * 3)))
            await repository.put_manifest(manifest(uuid4(), environment_id, repository.key_id))

        with pytest.raises(StoreUnavailableError):
            await back_up()

    async def test_a_manifest_makes_the_backup_exist(self, repository: EnvironmentRepository) -> None:
        written = manifest(environment_id=repository.environment_id, key_id=repository.key_id)
        assert await repository.verdict(written.backup_id) is None
        verdict = await repository.put_manifest(written)
        assert verdict.manifest == written
        assert verdict == await repository.verdict(written.backup_id)
        assert await repository.read_manifest(written.backup_id, expected_hash=verdict.hash) == written
        assert verdict.key == repository.manifest_key(written.backup_id)

    async def test_of_manifest_and_tombstone_the_first_decides_for_ever(
        self, repository: EnvironmentRepository
    ) -> None:
        environment_id, key_id = repository.environment_id, repository.key_id
        for first, second in (("manifest", "tombstone"), ("tombstone", "manifest")):
            backup_id = uuid4()
            whole = manifest(backup_id, environment_id, key_id)
            stone = tombstone(backup_id, environment_id)
            decided = {"manifest": whole, "tombstone": stone}[first]
            for what in (first, second):
                put = repository.put_manifest(whole) if what == "manifest" else repository.bury(stone)
                assert (await put).decided == decided

    async def test_two_writers_of_one_manifest_agree_on_whose_it_is(self, repository: EnvironmentRepository) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        others = [written.model_copy(update={"dangling_count": number}) for number in range(8)]
        verdicts = await asyncio.gather(*(repository.put_manifest(other) for other in others))
        assert len({verdict.hash for verdict in verdicts}) == 1

    async def test_a_put_whose_answer_was_lost_is_adopted(self, store: ObjectStore) -> None:
        environment_id = uuid4()
        await RepositoryV2(store, KEY).of(environment_id).hasher()
        faulty = FaultyObjectStore(store, Faults(after={"put": 1}))
        repository = RepositoryV2(faulty, KEY).of(environment_id)
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        with pytest.raises(StoreUnavailableError):
            await repository.put_manifest(written)
        assert (await repository.put_manifest(written)).manifest == written

    async def test_every_decision_is_listed(self, repository: EnvironmentRepository) -> None:
        environment_id = repository.environment_id
        whole = manifest(uuid4(), environment_id, repository.key_id)
        stone = tombstone(uuid4(), environment_id, Burial.CANCELLED)
        await repository.put_manifest(whole)
        await repository.bury(stone)
        found = {verdict.decided.backup_id: verdict.decided async for verdict in repository.manifests()}
        assert found == {whole.backup_id: whole, stone.backup_id: stone}

    async def test_no_manifest_and_a_tombstone_are_told_apart_in_words(self, repository: EnvironmentRepository) -> None:
        stone = tombstone(uuid4(), repository.environment_id)
        await repository.bury(stone)
        with pytest.raises(ManifestMissingError, match="a tombstone"):
            await repository.read_manifest(stone.backup_id)
        with pytest.raises(ManifestMissingError, match="nothing"):
            await repository.read_manifest(uuid4())

    async def test_a_manifest_that_was_tampered_with_is_refused(
        self, store: ObjectStore, repository: EnvironmentRepository
    ) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        verdict = await repository.put_manifest(written)
        good = await store.get(verdict.key)
        for damaged in (good[:-1] + bytes([good[-1] ^ 1]), good[:50], good[:10], b'{"format": "nightkeep-man', b""):
            await store.put(verdict.key, damaged)
            with pytest.raises(ManifestCorruptError):
                await repository.read_manifest(written.backup_id)
        await store.put(verdict.key, good)
        with pytest.raises(ManifestCorruptError, match="its hash differs"):
            await repository.read_manifest(written.backup_id, expected_hash="b3:" + "0" * 64)

    async def test_a_manifest_in_another_backups_place_is_refused(
        self, store: ObjectStore, repository: EnvironmentRepository
    ) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        verdict = await repository.put_manifest(written)
        elsewhere = uuid4()
        await store.copy(verdict.key, repository.manifest_key(elsewhere))
        with pytest.raises(ManifestCorruptError, match="lies where it does not belong"):
            await repository.read_manifest(elsewhere)

    async def test_another_repository_key_is_named_as_such(self, store: ObjectStore) -> None:
        environment_id: UUID = uuid4()
        ours = RepositoryV2(store, KEY).of(environment_id)
        written = manifest(uuid4(), environment_id, ours.key_id)
        await ours.put_manifest(written)
        with pytest.raises(RepositoryKeyError, match="use the repository key"):
            await RepositoryV2(store, bytes(32)).of(environment_id).read_manifest(written.backup_id)

    async def test_a_list_is_read_in_batches_whatever_its_length(self, repository: EnvironmentRepository) -> None:
        lines, parts = _long_list()
        stored = await repository.store_parts(each(parts))
        assert len(stored.contents) == len(parts)
        listing = Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=len(lines))
        batches = [batch async for batch in read_documents(repository, listing)]
        assert [line for batch in batches for line in batch] == lines
        assert max(len(batch) for batch in batches) < 5_000

    async def test_an_empty_list_is_a_list_and_half_a_line_is_damage(self, repository: EnvironmentRepository) -> None:
        one = _line(1).model_dump_json().encode()
        several = b"%b,%b\n" % (one, one)
        for data, broken in ((b"", False), (b'{"id":', True), (b"nonsense\n", True), (several, True)):
            stored = await repository.store_bytes(data)
            listing = Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=0)
            with pytest.raises(ContentCorruptError) if broken else nullcontext():
                assert [batch async for batch in read_documents(repository, listing)] == []

    async def test_a_tombstone_replaces_the_manifest_and_nothing_replaces_a_tombstone(
        self, repository: EnvironmentRepository
    ) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        stone = tombstone(written.backup_id, repository.environment_id, Burial.DELETED)
        await repository.put_manifest(written)
        for again in (stone, stone, stone.model_copy(update={"why": Burial.FAILED})):
            await repository.erase_manifest(again)
            verdict = await repository.verdict(written.backup_id)
            assert verdict is not None
            assert verdict.decided == stone
        assert (await repository.put_manifest(written)).decided == stone

    async def test_a_damaged_manifest_gives_way_to_a_tombstone_and_a_newer_one_does_not(
        self, root: Repository, repository: EnvironmentRepository, store: ObjectStore
    ) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        stone = tombstone(written.backup_id, repository.environment_id, Burial.DELETED)
        key = (await repository.put_manifest(written)).key
        sealed = await store.get(key)
        for newer in (
            sealed[:4] + bytes([sealed[4] + 1]) + sealed[5:],
            b'{"format": "nightkeep-manifest", "version": 9}',
        ):
            await store.put(key, newer)
            with pytest.raises(ManifestCorruptError, match="upgrade it"):
                await repository.erase_manifest(stone)
            assert await store.get(key) == newer
        for damaged in (sealed[:-1], b"{", b""):
            await store.put(key, damaged)
            await root.of(repository.environment_id).erase_manifest(stone)
            verdict = await repository.verdict(written.backup_id)
            assert verdict is not None
            assert verdict.decided == stone

    async def test_what_never_came_to_exist_can_be_erased_too(self, repository: EnvironmentRepository) -> None:
        stone = tombstone(uuid4(), repository.environment_id, Burial.DELETED)
        await asyncio.gather(*(repository.erase_manifest(stone) for _ in range(4)))
        verdict = await repository.verdict(stone.backup_id)
        assert verdict is not None
        assert verdict.decided == stone

    async def test_a_tombstone_is_removed_and_a_manifest_never(self, repository: EnvironmentRepository) -> None:
        written = manifest(uuid4(), repository.environment_id, repository.key_id)
        stone = tombstone(uuid4(), repository.environment_id)
        await repository.put_manifest(written)
        await repository.bury(stone)
        for _ in range(2):
            await repository.remove_tombstone(stone.backup_id)
            assert await repository.verdict(stone.backup_id) is None
        with pytest.raises(ManifestStandsError):
            await repository.remove_tombstone(written.backup_id)


@cache
def _long_list() -> tuple[list[DocumentLine], list[bytes]]:
    """Its lines, and the same as parts of a thousand; made once for the many stores that are tested with it."""
    lines = [_line(number) for number in range(70_000)]
    told = [line.model_dump_json().encode() + b"\n" for line in lines]
    return lines, [b"".join(told[at : at + 1000]) for at in range(0, len(told), 1000)]


def _line(number: int) -> DocumentLine:
    document_id = UUID(int=number)
    return DocumentLine(
        id=document_id,
        place=str(document_id),
        size=number,
        stamp="1",
        settled=True,
        referenced=None,
        contents=("a" * 64,),
        hash="a" * 64,
    )

"""Archives as their readers open them, and every range of them as the slice of the whole."""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events.archives import DataType
from services.platform.archives import index as index_module
from services.platform.archives.errors import ContradictionError, DamagedDumpError, NotTheSameError
from services.platform.archives.index import unpack
from services.platform.archives.kinds import file_name
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository
from tests.support.archiving import Archive, archived, documents, repository_in, stored
from tests.support.dumps import TocEntry, blobs_block, data_block, dump, restored
from tests.support.manifests import BACKUP_ID, NOON

ROW = b"%d\tsome order\t2026-03-04\n"
ENTRIES = (TocEntry(1, b"TABLE", offset=(3, 0)), TocEntry(2, b"TABLE DATA"), TocEntry(3, b"BLOBS"))
EVERY = tuple(DataType)
ROWS = 20_000
DOCUMENTS = documents(100, 4_000) | documents(1, 900_000, seed=2)
SEGMENT = 64 * 1024


def large_dump(rows: int) -> bytes:
    return dump(
        ENTRIES, data_block(2, *(ROW % number for number in range(rows))), blobs_block(3, {7: [b"x" * 9000] * 30})
    )


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with Workshop.open(2) as opened:
        yield opened


@pytest.fixture
def repository(tmp_path: Path) -> EnvironmentRepository:
    return repository_in(tmp_path)


@pytest.fixture(scope="module")
async def several(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[DataType, tuple[Archive, bytes]]]:
    """Archives of every kind, of several pages, with all their bytes."""
    repository = repository_in(tmp_path_factory.mktemp("store"))
    backup = await stored(repository, large_dump(ROWS), DOCUMENTS)
    with Workshop.open(2) as workshop:
        made = {kind: await archived(repository, backup, kind, workshop, SEGMENT) for kind in EVERY}
        yield {kind: (archive, await archive.read()) for kind, archive in made.items()}


@pytest.mark.parametrize("kind", EVERY)
async def test_the_index_knows_size_and_hash_before_anything_is_downloaded(
    several: dict[DataType, tuple[Archive, bytes]], kind: DataType
) -> None:
    archive, data = several[kind]
    assert archive.indexed.size_bytes == len(data)
    assert archive.indexed.sha256 in (None, hashlib.sha256(data).hexdigest())
    assert len(archive.pages) > 1


@pytest.mark.parametrize("kind", EVERY)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_range_is_the_slice_of_the_whole(
    several: dict[DataType, tuple[Archive, bytes]], kind: DataType, data: st.DataObject
) -> None:
    archive, whole = several[kind]
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    assert await archive.read(start, end) == whole[start:end]


@pytest.mark.parametrize("kind", EVERY)
async def test_ranges_at_the_edges_of_segments_and_pages_are_slices_too(
    several: dict[DataType, tuple[Archive, bytes]], kind: DataType
) -> None:
    archive, whole = several[kind]
    pages = [unpack(page) for page in archive.pages]
    edges = {
        len(archive.indexed.head),
        *(page.start for page in pages),
        pages[0].start + pages[0].segments[0].size_bytes,
    }
    for edge in edges:
        for start, end in ((max(edge - 1, 0), edge + 1), (edge, edge + 1), (max(edge - 2, 0), edge)):
            assert await archive.read(start, end) == whole[start:end]


async def test_a_database_only_archive_holds_every_row(several: dict[DataType, tuple[Archive, bytes]]) -> None:
    found = restored(several[DataType.DATABASE_ONLY][1])
    assert found.members[2, 0] == b"".join(ROW % number for number in range(ROWS))
    assert found.members[3, 7] == b"x" * 9000 * 30
    assert {id_: at for id_, (state, at) in found.offsets.items() if state == 2} == found.begins


async def test_a_full_archive_holds_metadata_dump_and_documents_in_order(
    several: dict[DataType, tuple[Archive, bytes]],
) -> None:
    with tarfile.open(fileobj=io.BytesIO(several[DataType.FILES_AND_DATABASE][1])) as opened:
        files = opened.getmembers()
        held = {file.name: _content(opened, file) for file in files}
    names = [f"tree/{str(id_)[:2]}/{str(id_)[2:4]}/{id_}" for id_ in sorted(DOCUMENTS)]
    assert [file.name for file in files] == [".metadata", "db/db.backup", *names]
    assert held["db/db.backup"] == large_dump(ROWS)
    assert [held[name] for name in names] == [DOCUMENTS[id_] for id_ in sorted(DOCUMENTS)]
    assert {(file.mtime, file.uid, file.gid, file.uname, file.gname, file.mode) for file in files} == {
        (NOON.timestamp(), 0, 0, "", "", 0o644)
    }


def _content(opened: tarfile.TarFile, file: tarfile.TarInfo) -> bytes:
    taken = opened.extractfile(file)
    assert taken is not None
    return taken.read()


async def test_a_files_only_archive_has_no_database(several: dict[DataType, tuple[Archive, bytes]]) -> None:
    with tarfile.open(fileobj=io.BytesIO(several[DataType.FILES_ONLY][1])) as opened:
        names = opened.getnames()
    assert names[0] == ".metadata"
    assert all(name.startswith("tree/") for name in names[1:])


async def test_without_documents_there_is_no_tree(repository: EnvironmentRepository, workshop: Workshop) -> None:
    backup = await stored(repository, large_dump(10), {})
    archive = await archived(repository, backup, DataType.FILES_AND_DATABASE, workshop)
    with tarfile.open(fileobj=io.BytesIO(await archive.read())) as opened:
        assert opened.getnames() == [".metadata", "db/db.backup"]


async def test_metadata_tells_numbers_as_texts(repository: EnvironmentRepository, workshop: Workshop) -> None:
    backup = await stored(repository, large_dump(10), documents(3, 100))
    archive = await archived(repository, backup, DataType.FILES_ONLY, workshop)
    with tarfile.open(fileobj=io.BytesIO(await archive.read())) as opened:
        told = json.loads(_content(opened, opened.getmember(".metadata")))
    size = str(backup.database.bytes)
    assert told == {
        "duration": "0", "dumpSize": size, "databaseSize": size, "filesSize": "300", "modelVersion": "2.4.1",
    }  # fmt: skip


async def test_gzip_members_can_be_read_one_by_one(several: dict[DataType, tuple[Archive, bytes]]) -> None:
    archive, whole = several[DataType.FILES_AND_DATABASE]
    page = unpack(archive.pages[1])
    member = whole[page.start : page.start + page.segments[0].size_bytes]
    assert len(gzip.decompress(member)) == SEGMENT
    assert len(zlib.decompressobj(31).decompress(whole)) == SEGMENT


@pytest.mark.parametrize("kind", EVERY)
async def test_the_same_backup_becomes_the_same_archive(
    repository: EnvironmentRepository, workshop: Workshop, kind: DataType
) -> None:
    backup = await stored(repository, large_dump(1000), documents(3, 100))
    first, second = [await archived(repository, backup, kind, workshop) for _ in range(2)]
    assert (first.pages, first.indexed) == (second.pages, second.indexed)


async def test_a_dump_whose_end_is_missing_is_refused(repository: EnvironmentRepository, workshop: Workshop) -> None:
    cut_off = dump(ENTRIES, data_block(2, b"row"))
    backup = await stored(repository, cut_off, {})
    with pytest.raises(DamagedDumpError, match="data of a table is missing"):
        await archived(repository, backup, DataType.DATABASE_ONLY, workshop)


@pytest.mark.parametrize("block", [data_block(2, b"again"), data_block(9, b"unknown")])
async def test_a_dump_with_a_block_too_many_is_refused(
    repository: EnvironmentRepository, workshop: Workshop, block: bytes
) -> None:
    backup = await stored(repository, dump(ENTRIES, data_block(2, b"row"), block), {})
    with pytest.raises(DamagedDumpError, match="is unknown or comes twice"):
        await archived(repository, backup, DataType.DATABASE_ONLY, workshop)


async def test_a_dump_of_another_size_than_said_is_refused(
    repository: EnvironmentRepository, workshop: Workshop
) -> None:
    backup = await stored(repository, large_dump(10), {})
    wrong = backup.model_copy(update={"database": backup.database.model_copy(update={"bytes": 10_000_000})})
    with pytest.raises(ContradictionError, match="bytes less than said"):
        await archived(repository, wrong, DataType.FILES_AND_DATABASE, workshop)


async def test_what_would_differ_is_not_made(repository: EnvironmentRepository, workshop: Workshop) -> None:
    archive = await archived(repository, await stored(repository, large_dump(10), {}), EVERY[0], workshop)
    page = unpack(archive.pages[0])
    other = page.segments[0].model_copy(update={"crc32": page.segments[0].crc32 ^ 1})
    archive.pages[0] = index_module.pack(page.model_copy(update={"segments": (other, *page.segments[1:])}))
    with pytest.raises(NotTheSameError):
        await archive.read(0, 1)


def test_a_file_is_named_after_its_backup_and_the_minute_of_its_acceptance() -> None:
    assert file_name(DataType.DATABASE_ONLY, BACKUP_ID, NOON) == "database-9e107d9d-202611221200.backup"
    assert file_name(DataType.FILES_AND_DATABASE, BACKUP_ID, NOON) == "files_and_database-9e107d9d-202611221200.tar.gz"
    assert file_name(DataType.FILES_ONLY, UUID(int=0), NOON) == "files-00000000-202611221200.tar.gz"

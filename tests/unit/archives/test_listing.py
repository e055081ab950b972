"""A backup's documents page by page and one by one, whatever the parts of its list are."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from contracts.manifest import DocumentLine, FilesPart
from services.platform.archives.listing import At, documents_from, find_document
from services.platform.repository import EnvironmentRepository
from tests.support.archiving import repository_in
from tests.support.manifests import manifest

COUNT = 103


class Counting:
    """As much of a repository as is read; counts contents."""

    def __init__(self, inner: EnvironmentRepository) -> None:
        self._inner = inner
        self.read_count = 0

    async def read(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        self.read_count += len(names)
        async for piece in self._inner.read(names):
            yield piece


def line(number: int) -> DocumentLine:
    document_id = UUID(int=number * 2 + 1)
    name = "b3:" + f"{number:064x}"
    return DocumentLine(
        id=document_id, place=str(document_id), size=number, stamp="", settled=True, referenced=None,
        contents=(name,), hash=name,
    )  # fmt: skip


async def each(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def listed(directory: Path, per_part: int) -> tuple[Counting, FilesPart]:
    repository = repository_in(directory)
    lines = [line(number).model_dump_json().encode() + b"\n" for number in range(COUNT)]
    parts = [b"".join(lines[start : start + per_part]) for start in range(0, COUNT, per_part)]
    stored = await repository.store_parts(each(parts))
    files = manifest().files
    names = {"contents": stored.contents, "hash": stored.hash, "bytes": stored.bytes, "count": COUNT}
    listing = files.listing.model_copy(update=names)
    return Counting(repository), files.model_copy(update={"count": COUNT, "listing": listing})


@pytest.mark.parametrize("per_part", [1, 7, 200])
@pytest.mark.parametrize("limit", [1, 7, 10, 103, 500])
async def test_pages_together_are_the_list(tmp_path: Path, per_part: int, limit: int) -> None:
    repository, files = await listed(tmp_path, per_part)
    at: At | None = At()
    seen = list[int]()
    while at is not None:
        page = await documents_from(repository, files, at, limit)  # type: ignore[arg-type]  # -- as much of it as is used
        assert 0 < len(page.documents) <= limit
        seen += [one.size for one in page.documents]
        at = page.next
    assert seen == list(range(COUNT))


@pytest.mark.parametrize("per_part", [1, 7, 200])
async def test_every_document_is_found_and_no_other(tmp_path: Path, per_part: int) -> None:
    repository, files = await listed(tmp_path, per_part)
    for number in range(2 * COUNT + 2):
        found = await find_document(repository, files, UUID(int=number))  # type: ignore[arg-type]  # -- as above
        assert (found.size if found else None) == (number // 2 if number % 2 and number < 2 * COUNT else None)


async def test_one_document_and_a_late_page_read_a_few_parts_alone(tmp_path: Path) -> None:
    repository, files = await listed(tmp_path, 1)
    assert await find_document(repository, files, UUID(int=101))  # type: ignore[arg-type]  # -- as above
    assert repository.read_count <= 9
    repository.read_count = 0
    await documents_from(repository, files, At(90, UUID(int=181)), 3)  # type: ignore[arg-type]  # -- as above
    assert repository.read_count <= 5


async def test_a_backup_without_documents_has_an_empty_page(tmp_path: Path) -> None:
    repository = repository_in(tmp_path)
    files = manifest().files.model_copy(update={"count": 0})
    assert not (await documents_from(repository, files, At(), 10)).documents
    assert await find_document(repository, files, UUID(int=1)) is None

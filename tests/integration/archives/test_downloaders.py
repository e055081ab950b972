"""What programs of others do with a link when the line breaks: they go on where they were, over any connections."""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Final

import pycurl
import pytest

from tests.support.archiving import documents
from tests.support.breaking_line import asked_bytes, open_line
from tests.support.chromium import open_browser
from tests.support.downloaders import aria2, curl
from tests.support.downloading import Shelf, dump_of
from tests.support.eventually import eventually
from tests.support.gateway import Json

DOCUMENTS: Final = documents(80, 100_000)
HEADS_BYTES: Final = 20_000
"""More than the heads of all answers of a test."""
MOST: Final = 1.5
"""So often an archive passes that was gone on with after three quarters; beginning again, it is 1.75 times."""


@pytest.fixture(scope="module")
async def archive(shelf: Shelf) -> Json:
    return await shelf.archive(await shelf.backup(dump_of(1_000), DOCUMENTS))


def is_whole(path: Path, archive: Json) -> bool:
    data = path.read_bytes()
    return (len(data), hashlib.sha256(data).hexdigest()) == (archive["size_bytes"], archive["sha256"])


async def test_curl_goes_on_where_the_line_broke(archive: Json, tmp_path: Path) -> None:
    file, size_bytes = tmp_path / "orders.tar.gz", archive["size_bytes"]
    async with open_line(archive["url"], stands_after=size_bytes // 3) as line:
        first = asyncio.create_task(curl(line.url, file))
        await line.stands()
        line.cut()
        with pytest.raises(pycurl.error):
            await first
        got_bytes = file.stat().st_size
        assert 0 < got_bytes < size_bytes
        assert await curl(line.url, file) == 206
        assert [asked.range for asked in line.asked] == [None, f"bytes={got_bytes}-"]
    assert is_whole(file, archive)
    assert line.passed_bytes < size_bytes + HEADS_BYTES


async def test_curl_that_has_everything_changes_nothing(archive: Json, tmp_path: Path) -> None:
    file = tmp_path / "orders.tar.gz"
    async with open_line(archive["url"]) as line:
        assert await curl(line.url, file) == 200
        assert await curl(line.url, file) == 416
    assert is_whole(file, archive)


async def test_a_downloader_with_several_connections_goes_on_by_itself_when_the_line_breaks(
    archive: Json, tmp_path: Path
) -> None:
    file, size_bytes = tmp_path / "orders.tar.gz", archive["size_bytes"]
    async with open_line(archive["url"], stands_after=size_bytes * 3 // 4) as line, aria2(line.url, file) as program:
        await line.stands()
        before = len(line.asked)
        line.cut()
        assert await program.wait() == 0
    assert is_whole(file, archive)
    assert line.most_at_once > 1
    assert all(asked.range for asked in line.asked[before:])
    assert line.passed_bytes < size_bytes * MOST


async def test_a_downloader_that_was_killed_goes_on_with_what_it_noted(archive: Json, tmp_path: Path) -> None:
    file, size_bytes = tmp_path / "orders.tar.gz", archive["size_bytes"]
    async with open_line(archive["url"], stands_after=size_bytes * 3 // 4) as line:
        async with aria2(line.url, file):
            await line.stands()
            await noted_since(time.time(), file.with_name(f"{file.name}.aria2"))
        before = len(line.asked)
        line.mend()
        async with aria2(line.url, file) as program:
            assert await program.wait() == 0
    assert is_whole(file, archive)
    learns_the_size, *goes_on = line.asked[before:]
    assert learns_the_size.range is None
    assert 0 < asked_bytes(goes_on) < size_bytes * 3 // 4, "a quarter is missing, and some of it is asked for twice"


async def test_a_browser_goes_on_by_itself_when_the_line_breaks(archive: Json, tmp_path: Path) -> None:
    size_bytes = archive["size_bytes"]
    async with open_line(archive["url"], stands_after=size_bytes * 3 // 4) as line, open_browser(tmp_path) as browser:
        await browser.visit(line.url)
        await line.stands()
        line.cut()
        file = await browser.downloaded(archive["file_name"])
    assert is_whole(file, archive)
    first, *goes_on = line.asked
    assert first.range is None
    assert goes_on
    assert all(asked.range and not asked.range.startswith("bytes=0-") for asked in goes_on)
    assert {asked.headers.get("if-range") for asked in goes_on} == {f'"{archive["sha256"]}"'}
    assert line.passed_bytes < size_bytes * MOST


async def noted_since(moment: float, notes: Path) -> None:
    """Returns once the downloader has written down again what it has."""

    async def look() -> bool:
        return moment < _written_at(notes)

    await eventually(look)


def _written_at(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0

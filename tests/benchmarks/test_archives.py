"""What a download costs, small and large: time beside zlib's own, size beside pg_dump's, and memory that must not grow.

`NIGHTKEEP_TEST_BENCHMARK=full` takes a dump of 2 GB and 200,000 documents beside a tenth of that; without it the tenth
beside a quarter of itself, whose archive is made before every buffer is full.
"""

import hashlib
import os
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.memory import peak_of
from tests.support.archiving import documents
from tests.support.buckets import fresh_prefix
from tests.support.downloading import ENTRIES, Shelf, open_shelf
from tests.support.dumps import blobs_block, data_block, dump
from tests.support.gateway import Json, open_api

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
MEGABYTE = 1000 * 1000
ALLOWED_GROWTH = 1.2
ALLOWED_SIZE = 1.1


@dataclass(frozen=True)
class Size:
    """How large a backup is."""

    rows: int
    documents: int


TENTH = Size(2_000_000, 20_000)
SMALL, LARGE = (TENTH, Size(20_000_000, 200_000)) if FULL else (Size(500_000, 5_000), TENTH)
MADE_WITHIN_SECONDS = 3600.0


def rows(count: int) -> list[bytes]:
    """Rows of about 100 bytes that compress like an app's."""
    return [
        b"%d\t%s\torder %d of customer %d\t%d.%02d\topen\n"
        % (n, hashlib.md5(b"%d" % n, usedforsecurity=False).hexdigest().encode(), n, n * 7919 % 9973, n % 977, n % 100)
        for n in range(count)
    ]


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")


async def measured(shelf: Shelf, size: Size) -> int:
    """Have archives of a backup of this size made, and download them; returns the gateway's peak of memory in bytes."""
    table = rows(size.rows)
    content = dump(ENTRIES, data_block(2, *table), blobs_block(3, {1: [b"large" * 3000] * 100}))
    backup = await shelf.backup(content, documents(size.documents, 1024))
    gateway = shelf.api.platform.services["gateway"].process.pid
    async with peak_of(gateway) as peak:
        database = await _archive(shelf, backup, "database_only")
        await _archive(shelf, backup, "files_and_database")
    began = time.monotonic()
    alone = len(zlib.compress(b"".join(table), 6))
    tell(f"  zlib 6 alone, one thread, the table only: {time.monotonic() - began:.1f} s")
    tell(f"  database only is {database['size_bytes'] / alone:.3f} of what pg_dump makes of the table")
    tell(f"  peak of memory {peak.bytes / MEGABYTE:.0f} MB")
    assert database["size_bytes"] <= ALLOWED_SIZE * alone
    return peak.bytes


async def _archive(shelf: Shelf, backup: Json, data_type: str) -> Json:
    began = time.monotonic()
    archive = await shelf.archive(backup, data_type, within_seconds=MADE_WITHIN_SECONDS)
    made = time.monotonic()
    whole, size = hashlib.sha256(), 0
    async with shelf.stranger() as client, client.stream("GET", archive["url"]) as answer:
        async for data in answer.aiter_raw():
            whole.update(data)
            size += len(data)
    assert (size, whole.hexdigest()) == (archive["size_bytes"], archive["sha256"])
    off = archive["estimated_bytes"] / size - 1
    tell(
        f"  {data_type}: {size / MEGABYTE:.1f} MB, index after {made - began:.1f} s, downloaded in"
        f" {time.monotonic() - made:.1f} s, estimated {off:+.1%}"
    )
    async with shelf.stranger() as client:
        began = time.monotonic()
        last = await client.get(archive["url"], headers={"Range": "bytes=-1"})
    assert last.status_code == httpx.codes.PARTIAL_CONTENT
    tell(f"  its last byte alone: {time.monotonic() - began:.2f} s")
    return archive


@pytest.mark.timeout(7200)
async def test_a_larger_backup_takes_hardly_more_memory_to_download(
    kafka: KafkaSettings, postgres: PostgresSettings, s3: S3Settings, tmp_path: Path
) -> None:
    peaks = []
    for number, size in enumerate((SMALL, LARGE)):
        tell(f"{size.rows} rows, {size.documents} documents")
        directory = tmp_path / str(number)
        directory.mkdir()
        async with (
            fresh_prefix(s3) as (settings, _),
            open_api(kafka, postgres, directory, settings) as api,
            open_shelf(api) as shelf,
        ):
            peaks.append(await measured(shelf, size))
    tell(f"growth {peaks[1] / peaks[0]:.2f}")
    assert peaks[1] <= ALLOWED_GROWTH * peaks[0]

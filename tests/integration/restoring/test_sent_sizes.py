"""What a sent dump becomes when nothing in it is compressed: known before anything is made, bounded, and looked for."""

import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from contracts.errors import FailureCode
from contracts.events.archives import DataType
from contracts.events.backups import BackupKind
from contracts.events.restores import PreflightCompleted
from contracts.events.uploads import DataUploaded
from services.platform.archives.incoming import Limits
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection
from services.restore.handlers import UPLOAD
from services.restore.work.uploading import UploadJob
from tests.integration.restoring.test_forged_dumps import ENCODING, entry
from tests.integration.restoring.test_uploads import METADATA, assert_untouched, dumped, failure, filled
from tests.support.app_databases import AppDatabase
from tests.support.databases import FreshDatabase
from tests.support.dumps import TocEntry, data_block, dump
from tests.support.restore_stage import RestoreStage
from tests.support.restoring import said_nothing, streamed, target
from tests.support.sent_archives import tar_gz, zipped

ROW: Final = b"0" * 999 + b"\n"
ROWS: Final = 4000
FREE_BYTES: Final = 1_000_000
SMALL: Final = Limits(free_bytes=2_000_000)
EXPANDED: Final = len(ROW) * ROWS
COPIES: Final = b"COPY public.t (a) FROM stdin;\n"


def compressed(rows: int = ROWS) -> bytes:
    """A dump of a table whose rows are all the same: a hundredth of them."""
    table = entry(2, "TABLE", "CREATE TABLE public.t (a text);\n")
    rows_of = TocEntry(3, b"TABLE DATA", depends_on=(2,), definition=b"", copied=COPIES)
    return dump([ENCODING, table, rows_of], data_block(3, zlib.compress(ROW * rows)), compression=1)


async def little(_connection: Connection, _access: DatabaseAccess) -> int | None:
    """Room for what was sent, and not for what becomes of it."""
    return FREE_BYTES


@pytest.fixture
async def narrow(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[RestoreStage]:
    """A stage on a server with little room."""
    async with RestoreStage.open(fresh_database("restore"), tmp_path, little) as opened:
        yield opened


@pytest.mark.parametrize("form", ["dump", "tar.gz", "zip"])
async def test_a_dump_that_explodes_is_refused_before_anything_is_made(
    stage: RestoreStage, destination: AppDatabase, form: str
) -> None:
    place, sent = await filled(stage, destination), compressed()
    files = {".metadata": METADATA, "db/db.backup": sent}
    data = {"dump": sent, "tar.gz": tar_gz(files), "zip": zipped(files)}[form]
    upload_id = await stage.ask_upload(place, data, DataType.DATABASE_ONLY)
    async with stage.working({UPLOAD: UploadJob(stage.workplace, SMALL)}):
        await stage.ended(upload_id)
    failed = (await stage.said(upload_id))[-1]
    assert (failed.code, "looks like a bomb" in failed.reason) == (FailureCode.HOSTILE_ARCHIVE, True), failed
    assert_untouched(place)


async def test_room_is_looked_for_what_a_dump_becomes(narrow: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(narrow, destination)
    failed = await failure(narrow, await narrow.ask_upload(place, compressed(), DataType.DATABASE_ONLY))
    assert (failed.code, "takes at least 4," in failed.reason) == (FailureCode.NO_SPACE, True), failed
    assert_untouched(place)


async def test_a_preflight_tells_what_an_imported_dump_becomes(narrow: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(narrow, destination)
    backup = await narrow.back_up(place, BackupKind.UPLOADED, compressed())
    preflight_id = await narrow.ask_preflight(backup, place)
    await narrow.run(preflight_id)
    (completed,) = await narrow.said(preflight_id)
    assert isinstance(completed, PreflightCompleted)
    assert completed.facts is not None
    assert EXPANDED <= (completed.facts.database_needed_bytes or 0) < 1.01 * EXPANDED
    assert "NO_SPACE" in {finding.code for finding in completed.findings}
    assert_untouched(place)


async def test_rows_that_compress_well_are_loaded_all(stage: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(stage, destination)
    upload_id = await stage.ask_upload(place, compressed(), DataType.DATABASE_ONLY)
    await stage.run(upload_id)
    assert isinstance((await stage.said(upload_id))[-1], DataUploaded)
    assert destination.run("SELECT count(*), max(length(a)) FROM t") == f"{ROWS}|{len(ROW) - 1}"


async def test_large_objects_count_as_the_bytes_that_they_are(
    stage: RestoreStage, small: AppDatabase, tmp_path: Path
) -> None:
    small.run("SELECT lo_from_bytea(0, convert_to(repeat('x', 5000000), 'UTF8'))")
    sent = await dumped(small, stage)
    size = await target(small, tmp_path).read_whole(streamed(sent)(), said_nothing, lambda _: None)
    assert abs(size / len(sent) - 1) < 0.05

"""The documents of a restore under a prefix of a bucket of a real S3 server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.platform.connectors.files import DocumentStore
from services.platform.connectors.files.s3 import S3Documents
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.suites.document_store import tree
from tests.suites.restore_documents import BACKUP, BEFORE, Ground, fill, whole
from tests.support.lost_answers import losing_line


@pytest.fixture(params=[0, 1], ids=["all answers come", "the first answer to each put is lost"])
async def store(fresh_bucket: S3Settings, request: pytest.FixtureRequest) -> AsyncIterator[DocumentStore]:
    settings, times = fresh_bucket.model_copy(update={"prefix": "documents"}), request.param
    async with losing_line(settings, times=times) as line, S3ObjectStore.open(line.settings) as objects:
        yield S3Documents(objects, "bucket")
        assert bool(line.lost) == bool(times)


async def test_a_bucket_holds_exactly_the_backup_and_after_an_undo_what_was(
    store: DocumentStore, tmp_path: Path
) -> None:
    ground = Ground.at(tmp_path)
    backup = await ground.back_up(BACKUP)
    await fill(store, BEFORE)
    restore = ground.restore(store)
    for _ in range(2):
        await whole(restore, backup)
        assert await tree(store) == BACKUP
    for _ in range(2):
        await restore.bring_back()
        assert await tree(store) == BEFORE
    assert await restore.remove_area() > 0
    assert await tree(store) == BEFORE

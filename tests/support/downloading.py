"""Backups that can be downloaded, without anybody who takes them: their content is put into the repository by hand."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.platform.database import Database
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.repository import Verdict
from services.platform.repository.keys import read_key_file
from tests.support.archiving import repository_of, stored
from tests.support.dumps import TocEntry, blobs_block, data_block, dump
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.local_client import loopback_client

ENDS_WITHIN_SECONDS = 240
"""On a machine where everything else runs too."""
SILENT_SECONDS = 600
"""A test does other things meanwhile; PostgreSQL ends a session of a service that is silent for long."""
ENTRIES = (TocEntry(1, b"TABLE", offset=(3, 0)), TocEntry(2, b"TABLE DATA"), TocEntry(3, b"BLOBS"))


def dump_of(rows: int) -> bytes:
    """A dump with a table and a large object."""
    told = (b"%d\t%s\n" % (number, hashlib.sha256(b"%d" % number).hexdigest().encode()) for number in range(rows))
    return dump(ENTRIES, data_block(2, *told), blobs_block(3, {16501: [b"large" * 1000] * 40}))


@dataclass
class Shelf:
    """A gateway and the store that it reads."""

    api: Api
    store: S3ObjectStore

    async def backup(self, content: bytes, documents: Mapping[UUID, bytes]) -> Json:
        """A completed backup of this dump and these documents."""
        environment = await self.api.ready_environment()
        place = f"/api/v1/environments/{environment['environment_id']}/backups"
        backup: Json = (await self.api.client.post(place)).json()
        verdict = await self._kept(backup, content, documents)
        await self.api.completed(environment, backup, manifest_key=verdict.key, manifest_hash=verdict.hash)
        return backup

    async def lost(self, beside: Json) -> str:
        """The id of a backup of the same environment that is in the bucket, and that no catalog knows."""
        backup_id = str(uuid4())
        await self._kept(beside | {"backup_id": backup_id}, dump_of(10), {})
        return backup_id

    async def _kept(self, backup: Json, content: bytes, documents: Mapping[UUID, bytes]) -> Verdict:
        master = read_key_file(self.api.platform.directory / "repository.key")
        repository = repository_of(self.store, master, UUID(backup["environment_id"]))
        manifest = await stored(repository, content, documents)
        ids = {name: UUID(backup[name]) for name in ("backup_id", "app_id")}
        entry = manifest.backup.model_copy(update=ids)
        return await repository.put_manifest(manifest.model_copy(update={"backup": entry}))

    async def ask(self, backup: Json, data_type: str = "files_and_database", **headers: str) -> Json:
        """An archive as it is accepted."""
        place = f"/api/v1/backups/{backup['backup_id']}/archives"
        answer = await self.api.client.post(place, params={"data_type": data_type}, headers=headers)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return dict(answer.json())

    async def archive(
        self, backup: Json, data_type: str = "files_and_database", *, within_seconds: float = ENDS_WITHIN_SECONDS
    ) -> Json:
        """An archive that can be downloaded."""
        return await self.ended(await self.ask(backup, data_type), within_seconds=within_seconds)

    async def ended(
        self, archive: Json, state: str = "completed", *, within_seconds: float = ENDS_WITHIN_SECONDS
    ) -> Json:
        """The archive once it is in this state."""

        async def look() -> Json | None:
            found: Json = (await self.api.client.get(f"/api/v1/archives/{archive['archive_id']}")).json()
            assert found["state"] in {state, "queued", "running", "completed"}, found
            return found if found["state"] == state else None

        seen = await eventually(look, within_seconds=within_seconds)
        assert seen is not None
        return seen

    async def left_alone(self, backup: Json, archive: Json) -> None:
        """Returns when nothing of a failed archive's work is left: no job, no page, no lease. The backup goes then."""

        async def stopped() -> bool:
            job = "SELECT state FROM gateway.job WHERE job_id = $1::text::uuid"
            pages = "SELECT count(*) FROM gateway.archive_page WHERE archive_id = $1::text::uuid"
            async with self.api.database.transaction() as c:
                ended = await c.fetchval(job, archive["archive_id"]) == "failed"
                return ended and not await c.fetchval(pages, archive["archive_id"])

        await eventually(stopped, within_seconds=ENDS_WITHIN_SECONDS)
        await self.deleted(backup)

    async def deleted(self, backup: Json) -> None:
        """Delete a backup as soon as nothing keeps it."""

        async def deleted() -> bool:
            place = f"/api/v1/backups/{backup['backup_id']}"
            return (await self.api.client.delete(place, params={"confirm_last": True})).is_success

        await eventually(deleted, within_seconds=ENDS_WITHIN_SECONDS)

    async def is_over(self, archive: Json) -> None:
        """Its link says that, and no more."""
        async with self.stranger() as client:
            answer = await client.get(archive["url"])
        assert (answer.status_code, "over" in answer.json()["errorMessage"]) == (403, True)

    @asynccontextmanager
    async def nothing_leased(self) -> AsyncIterator[None]:
        """As long as this lasts, whatever is asked for stays queued."""
        patient = self.api.platform.database("gateway").model_copy(update={"silent_seconds": SILENT_SECONDS})
        database = await Database.open(patient)
        try:
            async with database.transaction() as c:
                await c.execute("SELECT pg_advisory_xact_lock(hashtextextended('nightkeep jobs gateway', 0))")
                yield
        finally:
            await database.close()

    def stranger(self) -> httpx.AsyncClient:
        """Somebody without a key."""
        return loopback_client(timeout=120)

    async def execute(self, statement: str, *arguments: Any) -> None:  # noqa: ANN401 -- what asyncpg takes
        """Change something in the gateway's own schema."""
        async with self.api.database.transaction() as c:
            await c.execute(statement, *arguments)


@asynccontextmanager
async def open_shelf(api: Api) -> AsyncIterator[Shelf]:
    """The gateway with its store."""
    async with S3ObjectStore.open(api.platform.s3) as store:
        yield Shelf(api, store)

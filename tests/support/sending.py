"""Files on their way to a gateway, without anybody who works them off: the test says what the restore service would."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from services.gateway.adapters.parcels import ParcelDesk
from services.gateway.resources.content_digest import content_digest
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.parcels import Parcels
from services.platform.repository.keys import read_key_file
from services.platform.repository.wraps import Wraps
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json

PART_BYTES: Final = 1000
FILE: Final = bytes(number * 7 % 251 for number in range(3500))
"""Four parts, the last of them shorter."""


@dataclass
class Sending:
    """A gateway, and the store that it keeps parcels in."""

    api: Api
    store: S3ObjectStore

    async def stopped(self) -> Json:
        """An environment of its own app, whose app does not run."""
        return await self.api.ready_environment()

    async def begin(self, environment: Json, data: bytes = FILE, key: str | None = None) -> httpx.Response:
        """Announce a file."""
        place = f"/api/v1/environments/{environment['environment_id']}/parcels"
        asked = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return await self.api.client.post(place, json=asked, headers={"Idempotency-Key": key or str(uuid4())})

    async def part(self, parcel: Json, number: int, data: bytes, digest: str | None = None) -> httpx.Response:
        """Send one part."""
        headers = {"Content-Type": "application/octet-stream", "Content-Digest": digest or content_digest(data)}
        place = f"/api/v1/parcels/{parcel['parcel_id']}/parts/{number}"
        return await self.api.client.put(place, content=data, headers=headers)

    async def parts(self, parcel: Json, numbers: Iterable[int], data: bytes = FILE) -> None:
        """Send these parts."""
        for number in numbers:
            answer = await self.part(parcel, number, data[number * PART_BYTES : (number + 1) * PART_BYTES])
            assert answer.status_code == httpx.codes.NO_CONTENT, answer.text

    async def sent(self, environment: Json, data: bytes = FILE) -> Json:
        """A file all of which was sent."""
        parcel: Json = (await self.begin(environment, data)).json()
        await self.parts(parcel, range(parcel["parts"]), data)
        return parcel

    async def upload(self, environment: Json, parcel: Json, key: str | None = None, **changes: Any) -> httpx.Response:  # noqa: ANN401 -- JSON
        """Ask for an upload."""
        asked = {"parcel_id": parcel["parcel_id"], "data_type": "files_only"} | changes
        place = f"/api/v1/environments/{environment['environment_id']}/uploads"
        return await self.api.client.post(place, json=asked, headers={"Idempotency-Key": key or str(uuid4())})

    async def fail(self, environment: Json, upload: Json) -> None:
        """Have the restore service fail an upload."""
        history, ids = self.api.history(environment), {"upload_id": upload["upload_id"]}
        stream = f"restore/upload/{upload['upload_id']}"
        await self.api.tell(
            history.record(stream, "UploadStarted", **ids), history.record(stream, "UploadFailed", **ids)
        )

    async def kept(self, parcel: Json) -> list[str]:
        """What the store has of a parcel."""
        below = f"environments/{parcel['environment_id']}/parcels/{parcel['parcel_id']}/"
        return [info.key async for info in self.store.list(below)]

    async def swept(self, parcel: Json) -> None:
        """Returns when a parcel has gone, without anybody who waits for late parts."""
        master = read_key_file(self.api.platform.directory / "repository.key")
        kept = Parcels(self.store, Wraps(self.store, master), uuid4)
        desk = ParcelDesk(self.api.database, kept, part_bytes=PART_BYTES, linger_seconds=0)

        async def gone() -> bool:
            await desk.remove_ended()
            return not await self.kept(parcel)

        await eventually(gone)


@asynccontextmanager
async def open_sending(api: Api) -> AsyncIterator[Sending]:
    """The gateway with its store."""
    async with S3ObjectStore.open(api.platform.s3) as store:
        yield Sending(api, store)

"""People who send files: data from elsewhere into acceptance, and archives that become backups."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from contracts.events.archives import DataType
from contracts.states import BackupState, UploadState
from services.cli.sending import send
from services.platform.archives.tar import DUMP_NAME
from services.platform.process.errors import NightkeepError
from tests.soak.patience import SEVEN_MINUTES, Patient
from tests.soak.works import dumped, tree
from tests.support.eventually import eventually
from tests.support.sent_archives import tar_gz

Held = tuple[str, dict[str, str]]
UPLOADED: Final = {UploadState.COMPLETED, UploadState.FAILED}


@dataclass(frozen=True)
class Senders:
    """What they send is what production holds. `backups` are those that may be restored, the newest last."""

    patient: Patient
    backups: list[UUID]

    async def upload(self) -> None:
        """Clear acceptance and fill it with what was sent; its app is deployed again, as a platform would."""
        world, acceptance = self.patient.world, self.patient.world.environments["acceptance"]
        held, parcel_id = await self._sent(acceptance)
        before = await self.patient.asked(world.places["acceptance"].everything)
        full = DataType.FILES_AND_DATABASE
        asked = await self.patient.change(world.gateway.create_upload, acceptance, parcel_id, full)
        ended = await world.caller.until(
            lambda: world.gateway.upload(asked.upload_id), lambda one: one.state in UPLOADED, seconds=SEVEN_MINUTES
        )
        if ended.state is UploadState.COMPLETED:
            assert await self.patient.asked(world.places["acceptance"].everything) == held, "another one than was sent"
            assert ended.safety_backup_id is not None
            world.contents[ended.safety_backup_id] = before
            await self.patient.change(world.gateway.deploy, acceptance, "7.1.0")
        else:
            assert ended.failure is not None, ended

    async def bring_in(self) -> None:
        """Make a backup of what was sent."""
        world, acceptance = self.patient.world, self.patient.world.environments["acceptance"]
        held, parcel_id = await self._sent(acceptance)
        asked = await self.patient.change(world.gateway.import_backup, acceptance, parcel_id)
        ended = await self.patient.ended(asked.backup_id)
        if ended.state is BackupState.COMPLETED:
            world.contents[ended.backup_id] = held
            self.backups.append(ended.backup_id)
        else:
            assert ended.failure is not None, ended

    async def _sent(self, environment_id: UUID) -> tuple[Held, UUID]:
        """What production held, and the parcel in which it was sent."""
        world = self.patient.world
        held, data = await self._archived()
        path = Path(world.platform.directory / f"{uuid4()}.tar.gz")
        await asyncio.to_thread(path.write_bytes, data)
        parcel = await world.caller.look(
            lambda: send(world.gateway, environment_id, path, lambda _: None), seconds=SEVEN_MINUTES
        )
        await asyncio.to_thread(path.unlink)
        return held, parcel.parcel_id

    async def _archived(self) -> tuple[Held, bytes]:
        """An archive of production; made again when its server died meanwhile, since that moves sequences on."""
        production = self.patient.world.places["production"]
        found: list[tuple[Held, bytes]] = []

        async def archived() -> bool:
            held = await self.patient.held()
            try:
                data = tar_gz({DUMP_NAME: await dumped(production), **tree(production)})
            except (NightkeepError, asyncpg.InternalClientError):  # whatever a server says that is killed meanwhile
                return False
            if await self.patient.held() == held:
                found.append((held, data))
            return bool(found)

        await eventually(archived, within_seconds=SEVEN_MINUTES)
        return found[0]

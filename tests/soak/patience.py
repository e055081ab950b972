"""How people ask while everything breaks: again, until they are answered."""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from contracts.states import BackupState
from services.gateway.resources import Backup
from tests.soak.world import World
from tests.support.eventually import eventually

ENDED: Final = {BackupState.COMPLETED, BackupState.FAILED, BackupState.EXPIRED, BackupState.DELETED}
SEVEN_MINUTES: Final = 420.0
T = TypeVar("T")


@dataclass(frozen=True)
class Patient:
    """Asks the gateway and the environments of a world."""

    world: World

    async def held(self) -> tuple[str, dict[str, str]]:
        """What production holds, and will hold whatever becomes of its server: a crash moves sequences on.

        PostgreSQL notes a sequence ahead of its use, and takes what it noted since its last checkpoint.
        """
        production = self.world.places["production"]
        await self.asked(lambda: production.database.run("CHECKPOINT", superuser=True))
        return await self.asked(production.everything)

    async def asked(self, call: Callable[[], T]) -> T:
        """What an environment itself answers, as soon as its database is there; a change may be made twice."""
        answers: list[T] = []

        async def asked() -> bool:
            try:
                answers.append(await asyncio.to_thread(call))
            except (RuntimeError, subprocess.CalledProcessError):
                await asyncio.sleep(0.2)
            return bool(answers)

        await eventually(asked, within_seconds=SEVEN_MINUTES)
        return answers[0]

    async def change(self, call: Callable[..., T], *arguments: object, **options: object) -> T:
        """What the gateway answers to a change."""
        return await self.world.caller.change(call, *arguments, seconds=SEVEN_MINUTES, **options)

    async def ended(self, backup_id: UUID) -> Backup:
        """A backup, when nothing is done for it any more."""
        return await self.world.caller.until(
            lambda: self.world.gateway.backup(backup_id), lambda one: one.state in ENDED, seconds=SEVEN_MINUTES
        )

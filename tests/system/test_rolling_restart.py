"""Each service is replaced by a new process of its own while people call: no call fails, and no work is lost."""

import asyncio
import signal
from dataclasses import dataclass

import pytest

from contracts.states import BackupState
from services.cli.client import Gateway
from tests.soak.callers import USER
from tests.soak.world import World
from tests.support.eventually import eventually
from tests.support.main_job import SERVICES

WITHIN_SECONDS = 240.0
PATIENCE_SECONDS = 120.0
"""What a client waits that is told "not known yet": on a busy machine a new catalog takes its time."""


@dataclass
class Somebody:
    """Takes backups one after the other, at the gateway of `url` when one begins. Raises what a call raises."""

    world: World
    url: str
    backups: int = 0
    enough: bool = False

    async def work(self) -> None:
        """Until it is enough."""
        while not self.enough:
            await asyncio.to_thread(self._back_up)
            self.backups += 1

    def _back_up(self) -> None:
        environment_id = self.world.environments["production"]
        with Gateway(self.url, USER, self.world.api_key, patience_seconds=PATIENCE_SECONDS) as gateway:
            asked = gateway.create_backup(environment_id, "under way")
            gateway.comment_backup(asked.backup_id, "commented")
            ended = gateway.wait_for_backup(asked.backup_id, timeout_seconds=WITHIN_SECONDS)
            assert ended.state is BackupState.COMPLETED, ended.failure
            assert ended.comment == "commented"
            assert next(gateway.backups(environment_id)).backup_id == asked.backup_id

    async def again(self, working: asyncio.Task[None]) -> None:
        """Return when two more were taken: the second of them began after this call."""
        wanted = self.backups + 2

        async def came() -> bool:
            if working.done():
                working.result()
            return self.backups >= wanted

        await eventually(came, within_seconds=WITHIN_SECONDS)


@pytest.mark.timeout(1500)
async def test_every_service_is_replaced_under_calls_and_none_of_them_fails(world: World) -> None:
    platform, somebody = world.platform, Somebody(world, world.platform.gateway_url)
    working = asyncio.create_task(somebody.work())
    replaced = [platform.services[name] for name in SERVICES]
    try:
        for name, old in zip(SERVICES, replaced, strict=True):
            if name == "gateway":
                platform.gateway_port = 0  # beside the old one, until nobody calls that any more
            await platform.start(name)
            somebody.url = platform.gateway_url
            await somebody.again(working)
            assert await asyncio.to_thread(old.end, signal.SIGTERM) == 0, name
            await somebody.again(working)
        somebody.enough = True
        await asyncio.wait_for(working, WITHIN_SECONDS)
    finally:
        working.cancel()
        for old in replaced:
            await asyncio.to_thread(old.end)

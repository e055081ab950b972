"""Each service is replaced by a new process of its own while people call: no call fails, and no work is lost.

The new one starts beside the old one, which is told to end when the new one is ready; a gateway when nobody calls it
any more (whom it holds then is answered: `tests/integration/gateway/test_replaced.py`).
"""

import asyncio
import signal
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from contracts.states import BackupState
from services.cli.client import Gateway
from tests.history.checks import findings
from tests.soak.callers import USER, Caller
from tests.soak.witness import evidence_of, places_of
from tests.soak.world import World
from tests.support.eventually import eventually
from tests.support.main_job import SERVICES

WITHIN_SECONDS = 240.0
PATIENCE_SECONDS = 120.0
"""So long a client goes on that is told "not known yet": all that fails is noted then, and not what does first."""


@dataclass
class Answers:
    """What each request was answered, whatever a patient client makes of it; None where the connection broke."""

    told: dict[httpx.Request, int | None] = field(default_factory=dict)

    def listen(self, gateway: Gateway) -> None:
        """Hear all of them from now on."""
        client: httpx.Client = gateway._transport._client  # noqa: SLF001 -- every answer passes there, whoever asked
        client.event_hooks["request"].append(self._asked)
        client.event_hooks["response"].append(self._answered)

    def failed(self) -> list[str]:
        """What whoever asks once would have seen fail; a stream that broke off was asked for again."""
        streams = Counter(one.url.path for one in self.told if one.url.path.endswith("/progress"))
        broken = [f"GET {path}: {times} times" for path, times in streams.items() if times > 1]
        bad = [one for one, status in self.told.items() if status is None or httpx.codes.is_server_error(status)]
        return broken + [f"{one.method} {one.url.path}: {self.told[one]}" for one in bad]

    def _asked(self, request: httpx.Request) -> None:
        self.told[request] = None

    def _answered(self, response: httpx.Response) -> None:
        self.told[response.request] = response.status_code


@dataclass
class Somebody:
    """Takes backups one after the other, at the gateway of `url` when one begins. Raises what a call raises."""

    world: World
    url: str
    backups: int = 0
    enough: bool = False
    answers: Answers = field(default_factory=Answers)

    async def work(self) -> None:
        """Until it is enough."""
        while not self.enough:
            await asyncio.to_thread(self._back_up)
            self.backups += 1

    def _back_up(self) -> None:
        environment_id = self.world.environments["production"]
        with Gateway(self.url, USER, self.world.api_key, patience_seconds=PATIENCE_SECONDS) as gateway:
            Caller(gateway, places_of(self.world).calls)  # writes changes down for the history checker
            self.answers.listen(gateway)
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
        assert somebody.answers.failed() == []
        assert findings(await evidence_of(world)) == []
    finally:
        working.cancel()
        for old in replaced:
            await asyncio.to_thread(old.end)

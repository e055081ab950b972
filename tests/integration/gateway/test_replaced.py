"""A gateway that is told to end answers whom it holds: nobody's call breaks off, whether it can be decided or not."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.topics import Topic
from services.gateway.domain.identity import command_id
from services.platform.messaging.reading import LogReader
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Api, Json, open_api


@pytest.fixture
async def api(kafka: KafkaSettings, postgres: PostgresSettings, tmp_path: Path) -> AsyncIterator[Api]:
    """A gateway and a catalog of this test's own."""
    async with open_api(kafka, postgres, tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Held:
    """Calls that the old gateway has not answered: a stream, a look that waits for its findings, and a change."""

    stream: "asyncio.Task[list[str]]"
    look: "asyncio.Task[httpx.Response]"
    change: "asyncio.Task[httpx.Response]"


async def test_what_is_decided_meanwhile_is_answered(api: Api) -> None:
    key = str(uuid4())
    async with _held(api, key) as held:
        _send(api, "gateway", signal.SIGTERM)
        _send(api, "catalog", signal.SIGCONT)
        change = await held.change
    assert change.status_code in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}, change.text  # a busy machine's word
    await _goes_on(api, change, key)


async def test_what_is_not_decided_is_answered_with_the_key_to_ask_again(api: Api) -> None:
    key = str(uuid4())
    async with _held(api, key) as held:
        _send(api, "gateway", signal.SIGTERM)
        change = await held.change
        _send(api, "catalog", signal.SIGCONT)
    assert (change.status_code, change.json()["errorCode"]) == (httpx.codes.SERVICE_UNAVAILABLE, "NOT_KNOWN_YET")
    assert change.headers["idempotency-key"] == key
    await _goes_on(api, change, key)


@asynccontextmanager
async def _held(api: Api, key: str) -> AsyncIterator[Held]:
    """All of them held, and the catalog stands still. At the end they were answered, and the old gateway has ended."""
    environment = await api.ready_environment()
    where = f"/api/v1/environments/{environment['environment_id']}"
    backup: Json = (await api.client.post(f"{where}/backups", json={})).json()
    old = api.platform.services["gateway"]
    stream = asyncio.create_task(_events(api, backup))
    look = asyncio.create_task(api.client.post(f"{where}/checks", params={"wait_seconds": 20}))
    await api.eventually_check(environment)
    _send(api, "catalog", signal.SIGSTOP)
    place = f"/api/v1/backups/{backup['backup_id']}/comment"
    change = asyncio.create_task(
        api.client.put(place, json={"comment": "held"}, headers={"Idempotency-Key": key}),
    )
    await eventually(lambda: _is_asked(api, command_id(ADMIN, key)))
    yield Held(stream, look, change)
    assert (await stream)[0] == "event: state"
    assert (await look).json()["state"] == "running"  # nobody looks here
    assert await asyncio.to_thread(old.process.wait, 60) == 0


async def _events(api: Api, backup: Json) -> list[str]:
    """The lines of its stream, to the stream's end. Raises what a stream raises that breaks off."""
    async with api.client.stream("GET", f"/api/v1/backups/{backup['backup_id']}/progress") as response:
        return [line async for line in response.aiter_lines()]


def _send(api: Api, service: str, number: signal.Signals) -> None:
    api.platform.services[service].process.send_signal(number)


async def _is_asked(api: Api, wanted: UUID) -> bool:
    """Whether the command is on its topic."""
    async with LogReader.open(api.platform.kafka) as reader:
        for partition, end in (await reader.ends(Topic.COMMANDS)).items():
            async for some in reader.read(Topic.COMMANDS, partition, 0, end):
                if any(dict(one.record.headers)["ce_id"] == str(wanted).encode() for one in some):
                    return True
    return False


async def _goes_on(api: Api, asked: httpx.Response, key: str) -> None:
    """The next gateway gives the one answer to the same call."""
    await api.platform.start("gateway")
    again = await api.client.put(asked.request.url.path, json={"comment": "held"}, headers={"Idempotency-Key": key})
    assert (again.status_code, again.json()["comment"]) == (httpx.codes.OK, "held")

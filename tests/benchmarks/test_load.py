"""The gateway under many callers while backups are taken, and its lists when they are long.

No errors, flat memory, no slower pages.
`NIGHTKEEP_TEST_BENCHMARK=full` has 200 callers and a list of 1,000,000 backups; without it a tenth of that.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from math import ceil
from pathlib import Path

import httpx
import pytest

from contracts.values import Mode
from services.gateway.domain.rights import Scope
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.benchmarks.memory import peak_of
from tests.support.buckets import fresh_prefix
from tests.support.databases import execute
from tests.support.gateway import Api, Json, open_api
from tests.support.main_job import Place, described, fill, place

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
CALLERS = 200 if FULL else 20
CALLS = 50
CALLS_PER_BACKUP = 10
CALLERS_PER_KEY = 10
PATIENCE_SECONDS = 600
"""How long calls take is told, and no error of the gateway's: the callers are on the same machine, which is busy."""
ENVIRONMENTS = 5
DOCUMENTS = 40
SHORT, LONG = 1_000, 1_000_000 if FULL else 100_000
LOOKS = 400
PAGE = 100
ALLOWED_RATIO = 2.0
ALLOWED_GROWTH = 1.2
MEGABYTE = 1000 * 1000


@pytest.fixture
async def api(kafka: KafkaSettings, postgres: PostgresSettings, s3: S3Settings, tmp_path: Path) -> AsyncIterator[Api]:
    async with fresh_prefix(s3) as (settings, _), open_api(kafka, postgres, tmp_path, settings) as api:
        yield api


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")


@asynccontextmanager
async def backed_up(api: Api) -> AsyncIterator[list[Json]]:
    """Environments with databases and documents of their own, and the service that takes their backups."""
    platform = api.platform
    names = [f"place-{number}" for number in range(ENVIRONMENTS)]
    await platform.start("snapshot")
    with ExitStack() as stack:
        places = {name: stack.enter_context(place(platform, name, platform.database.server)) for name in names}
        for where in places.values():
            await asyncio.to_thread(fill, where, DOCUMENTS)
        try:
            yield [await _registered(api, name, where) for name, where in places.items()]
        finally:  # before the databases go
            await asyncio.to_thread(platform.services["snapshot"].end)


async def _registered(api: Api, name: str, where: Place) -> Json:
    app = await api.new_app()
    body = described(api.platform, name, where, Mode.PRODUCTION).model_dump(mode="json")
    answer = await api.client.post(f"/api/v1/apps/{app['app_id']}/environments", json=body)
    return await api.eventually_environment(answer.json(), "ever_passed", True)  # noqa: FBT003 -- a value


@pytest.mark.timeout(3600)
async def test_many_callers_meet_no_error_and_take_no_memory_while_backups_run(api: Api) -> None:
    peaks: list[int] = []
    keys = await known_keys(api)
    async with backed_up(api) as environments:
        for number in range(3):
            answered: Counter[int] = Counter()
            began = time.monotonic()
            async with callers(api, keys) as clients, AsyncExitStack() as stack:
                pids = {name: service.process.pid for name, service in api.platform.services.items()}
                looked = {name: await stack.enter_async_context(peak_of(pid)) for name, pid in pids.items()}
                await asyncio.gather(*(_calls(client, environments, answered) for client in clients))
            seconds = time.monotonic() - began
            peaks.append(looked["gateway"].bytes)
            states = await _states(api, environments)
            memory = ", ".join(f"{name} {peak.bytes / MEGABYTE:.0f} MB" for name, peak in looked.items())
            tell(f"round {number}: {answered.total() / seconds:.0f} calls/s {dict(answered)} in {seconds:.0f} s")
            tell(f"  {memory}; backups by now: {dict(states)}")
            assert set(answered) <= {httpx.codes.OK, httpx.codes.ACCEPTED}
    assert states["completed"] > 0
    assert states["failed"] == 0
    assert peaks[-1] <= ALLOWED_GROWTH * peaks[0]


async def known_keys(api: Api) -> list[str]:
    """Keys that the gateway has seen: a key's first call is slow on purpose, and takes memory."""
    keys = [await api.key_with(Scope.READ, Scope.CREATE) for _ in range(CALLERS // CALLERS_PER_KEY)]
    for key in keys:
        async with api.connect(key) as client:
            assert (await client.get("/api/v1/apps")).status_code == httpx.codes.OK
    return keys


@asynccontextmanager
async def callers(api: Api, keys: Sequence[str]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """New ones for each round: a connection that was idle meanwhile may be closed just when it is used."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(api.connect(key)) for key in [*keys] * CALLERS_PER_KEY]
        for client in clients:
            client.timeout = PATIENCE_SECONDS
        yield clients


async def _calls(client: httpx.AsyncClient, environments: list[Json], answered: Counter[int]) -> None:
    """What one caller does: makes a backup now and then, polls it, and looks at a list."""
    backup: str | None = None
    for number in range(CALLS):
        listed = f"/api/v1/environments/{environments[number % len(environments)]['environment_id']}/backups"
        if number % CALLS_PER_BACKUP == 0:
            answer = await client.post(listed)
            backup = answer.json().get("backup_id")
        elif number % 2 and backup:
            answer = await client.get(f"/api/v1/backups/{backup}")
        else:
            answer = await client.get(listed, params={"limit": 20})
        answered[answer.status_code] += 1


async def _states(api: Api, environments: list[Json]) -> Counter[str]:
    """How many backups are in which state."""
    listed = [f"/api/v1/environments/{environment['environment_id']}/backups" for environment in environments]
    return Counter([backup["state"] for place in listed for backup in await api.every(place, "backups", limit=100)])


@pytest.mark.timeout(3600)
async def test_a_long_list_is_read_as_fast_as_a_short_one(api: Api) -> None:
    short, long = [await api.ready_environment() for _ in range(2)]
    await _fill(api, short, SHORT)
    await _fill(api, long, LONG)
    took: dict[str, list[float]] = {"short": [], "long": []}
    cursors: dict[str, str | None] = {"short": None, "long": None}
    for _ in range(LOOKS):  # in turns: whatever else the machine does slows both down alike
        for name, environment in (("short", short), ("long", long)):
            cursors[name] = await _look(api, environment, cursors[name], took[name])
    p99 = {name: sorted(seconds)[ceil(len(seconds) * 0.99) - 1] for name, seconds in took.items()}
    tell(f"p99 of a page: {SHORT} backups {p99['short'] * 1000:.1f} ms, {LONG} backups {p99['long'] * 1000:.1f} ms")
    assert p99["long"] <= ALLOWED_RATIO * p99["short"]


@pytest.mark.timeout(3600)
async def test_a_long_list_by_number_is_read_as_fast_as_a_short_one(api: Api) -> None:
    lists = [(await api.ready_environment(), count) for count in (SHORT, LONG)]
    for environment, count in lists:
        await _fill(api, environment, count)
    ratios = [await _ratio(api, lists, where) for where in ("first", "deep")]
    assert max(ratios) <= ALLOWED_RATIO


async def _ratio(api: Api, lists: list[tuple[Json, int]], where: str) -> float:
    """How much longer the second list takes; deep pages are all over the list, none after another."""
    took: dict[int, list[float]] = {count: [] for _, count in lists}
    for look in range(LOOKS):
        for environment, count in lists:
            number = 1 + look * 7919 % (count // PAGE - 1) if where == "deep" else 0
            await _turn(api, environment, number * PAGE, count, took[count])
    p99 = {count: sorted(seconds)[ceil(len(seconds) * 0.99) - 1] for count, seconds in took.items()}
    told = ", ".join(f"{count} backups {seconds * 1000:.1f} ms" for count, seconds in p99.items())
    tell(f"p99 of a {where} page by number: {told}")
    return p99[LONG] / p99[SHORT]


async def _turn(api: Api, environment: Json, offset: int, total: int, took: list[float]) -> None:
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"
    began = time.monotonic()
    answer = await api.client.get(place, params={"offset": offset, "limit": PAGE})
    took.append(time.monotonic() - began)
    page = answer.json()
    assert (page["total"], len(page["snapshots"])) == (total, PAGE)


async def _look(api: Api, environment: Json, after: str | None, took: list[float]) -> str | None:
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    began = time.monotonic()
    answer = await api.client.get(place, params={"limit": PAGE} | ({"after": after} if after else {}))
    took.append(time.monotonic() - began)
    following: str | None = answer.json()["next"]
    return following


async def _fill(api: Api, environment: Json, count: int) -> None:
    """Give an environment so many backups in the read model, as if they had been made, one each minute."""
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    backup = (await api.client.post(place)).json()
    await api.completed(environment, backup)
    execute(
        api.platform.database(),
        "INSERT INTO read.backup (backup_id, environment_id, state, created_at, document, history)"  # noqa: S608 -- numbers and ids of our own
        " SELECT id, environment_id, state, created_at - at * interval '1 minute',"
        " document || jsonb_build_object('backup_id', id, 'created_at', created_at - at * interval '1 minute'), '[]'"
        " FROM read.backup, (SELECT gen_random_uuid() AS id, at FROM generate_series(1, {count}) AS at) made"
        " WHERE backup_id = '{backup_id}'".format(count=count - 1, backup_id=backup["backup_id"]),
        "ANALYZE read.backup",
    )

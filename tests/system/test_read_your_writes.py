"""A thousand create-then-list calls under load: whoever has created a backup sees it in the next list."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import Api, Json, open_api

CALLS = 1000
AT_ONCE = 30
ENVIRONMENTS = 10


@pytest.fixture
async def api(kafka: KafkaSettings, postgres: PostgresSettings, tmp_path: Path) -> AsyncIterator[Api]:
    """A gateway and a catalog, as processes."""
    async with open_api(kafka, postgres, tmp_path) as api:
        yield api


async def test_no_own_write_is_missing_from_a_thousand_lists_under_load(
    api: Api, record_property: Callable[[str, object], None]
) -> None:
    app = await api.new_app()
    environments = [await api.new_environment(app, f"environment {number}") for number in range(ENVIRONMENTS)]
    limit = asyncio.Semaphore(AT_ONCE)
    began = time.monotonic()

    async def call(number: int) -> bool:
        async with limit:
            return await _sees_its_own(api, environments[number % ENVIRONMENTS], number)

    seen = await asyncio.gather(*(call(number) for number in range(CALLS)))

    record_property("calls_per_second", round(2 * CALLS / (time.monotonic() - began)))
    assert seen.count(False) == 0
    assert await _listed(api, environments) == CALLS


async def _sees_its_own(api: Api, environment: Json, number: int) -> bool:
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    created = await api.client.post(place, json={"comment": f"backup {number}"})
    assert created.status_code == 202, created.text
    backup_id = created.headers.get("location", "").rpartition("/")[2] or created.json()["backup_id"]
    listed = await api.client.get(place, params={"limit": AT_ONCE})
    assert "nightkeep-read-lag" not in listed.headers
    return backup_id in {backup["backup_id"] for backup in listed.json()["backups"]}


async def _listed(api: Api, environments: list[Json]) -> int:
    found: set[str] = set()
    for environment in environments:
        place, after = f"/api/v1/environments/{environment['environment_id']}/backups", ""
        while after is not None:
            page = (await api.client.get(place, params={"limit": 37} | ({"after": after} if after else {}))).json()
            found |= {backup["backup_id"] for backup in page["backups"]}
            after = page["next"]
    return len(found)

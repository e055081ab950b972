"""A thousand create-then-list calls under load: whoever has created a backup sees it in the next list."""

import asyncio
from pathlib import Path

from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import Api, Json, open_api

CALLS = 1000
AT_ONCE = 25
ENVIRONMENTS = 10


async def test_no_own_write_is_missing_from_a_thousand_lists_under_load(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path: Path
) -> None:
    """However busy this machine is, a gateway that may wait long enough never has to say that its list lags."""
    async with open_api(kafka, postgres, tmp_path) as api:
        app = await api.new_app()
        environments = [await api.new_environment(app, f"environment {number}") for number in range(ENVIRONMENTS)]
        limit = asyncio.Semaphore(AT_ONCE)

        async def call(number: int) -> None:
            async with limit:
                await _sees_its_own(api, environments[number % ENVIRONMENTS], number)

        await asyncio.gather(*(call(number) for number in range(CALLS)))
        assert await _listed(api, environments) == CALLS


async def _sees_its_own(api: Api, environment: Json, number: int) -> None:
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    created = await api.client.post(place, json={"comment": f"backup {number}"})
    assert created.status_code == 202, created.text
    listed = await api.client.get(place, params={"limit": AT_ONCE * 2})
    assert "nightkeep-read-lag" not in listed.headers
    assert created.json()["backup_id"] in {backup["backup_id"] for backup in listed.json()["backups"]}


async def _listed(api: Api, environments: list[Json]) -> int:
    found: set[str] = set()
    for environment in environments:
        place = f"/api/v1/environments/{environment['environment_id']}/backups"
        found |= {backup["backup_id"] for backup in await api.every(place, "backups", limit=37)}
    return len(found)

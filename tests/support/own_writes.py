"""A thousand calls that create a backup and list what is there; a list that lags behind its own write says so."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tests.support.gateway import Api, Json

CALLS: Final = 1000
AT_ONCE: Final = 25
ENVIRONMENTS: Final = 10


async def places(api: Api) -> list[Json]:
    """The environments that the backups are of."""
    app = await api.new_app()
    return [await api.new_environment(app, f"environment {number}") for number in range(ENVIRONMENTS)]


async def create_then_list(api: Api, environments: Sequence[Json]) -> int:
    """How many of the lists said that they lag; each of the others had its caller's own backup."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def lags(number: int) -> bool:
        async with limit:
            return await _lags(api, environments[number % len(environments)], number)

    return sum(await asyncio.gather(*(lags(number) for number in range(CALLS))))


async def _lags(api: Api, environment: Json, number: int) -> bool:
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    created = await api.client.post(place, json={"comment": f"backup {number}"})
    assert created.status_code == 202, created.text
    listed = await api.client.get(place, params={"limit": AT_ONCE * 2})
    if "nightkeep-read-lag" in listed.headers:
        return True
    assert created.json()["backup_id"] in {backup["backup_id"] for backup in listed.json()["backups"]}
    return False

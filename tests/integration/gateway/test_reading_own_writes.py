"""Where the read model cannot follow in time, the answer says so instead of showing an old state as the new one."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.support.gateway import Api, second_gateway


@pytest.fixture
async def hasty(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a second gateway, which waits for the read model as long as it does by default."""
    async with second_gateway(api) as other, other.connect(api.key) as client:
        yield client


async def test_a_read_model_that_is_held_up_is_told_in_a_header_and_catches_up(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment = await api.ready_environment()
    environment_id = environment["environment_id"]
    place = f"/api/v1/environments/{environment_id}"
    reader = api.platform.database("catalog")
    holder = await asyncpg.connect(
        host=reader.host, port=reader.port, user=reader.user, database=reader.database,
        password=reader.password.get_secret_value(),
    )  # fmt: skip
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM read.environment WHERE environment_id = $1 FOR UPDATE", environment_id)
            accepted = await hasty.post(f"{place}/backups")
            old = await hasty.get(f"{place}/backups")
    finally:
        await holder.close()

    assert accepted.status_code == 202
    assert accepted.json() == {"accepted": True}
    assert accepted.headers["nightkeep-read-lag"].startswith("catalog/backup/")
    assert old.json()["backups"] == []
    assert old.headers["nightkeep-read-lag"] == accepted.headers["nightkeep-read-lag"]
    new = await api.client.get(f"{place}/backups")
    assert len(new.json()["backups"]) == 1
    assert "nightkeep-read-lag" not in new.headers
    assert (await api.client.get(accepted.headers["location"])).json() == new.json()["backups"][0]

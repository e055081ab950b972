"""Who calls too often or guesses keys is told when to come back; neighbours notice nothing."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.gateway.domain.guesses import FREE_OF_NAME
from services.gateway.domain.rights import Scope
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.integration.gateway.test_people import key_id
from tests.support.gateway import ADMIN, Api, open_api

SECRET_CHARACTERS = 43


@pytest.fixture
async def slow(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """A gateway that lets a key call five times at once, and then for longer than any test takes not again."""
    directory = tmp_path_factory.mktemp("slow")
    async with open_api(
        kafka, postgres, directory, NIGHTKEEP_GATEWAY__RATE_PER_SECOND="0.001", NIGHTKEEP_GATEWAY__RATE_BURST="5"
    ) as api:
        yield api


async def test_calls_beyond_the_burst_are_refused_with_a_time_to_come_back(slow: Api) -> None:
    busy, other = await slow.key_with(Scope.READ), await slow.key_with(Scope.READ)
    async with slow.connect(busy) as client:
        answers = await asyncio.gather(*(client.get("/api/v1/status") for _ in range(30)))
        snapshots = f"/api/v2/apps/{uuid4()}/environments/{uuid4()}/snapshots"
        scripts = [await client.get(path) for path in ("/api/1/apps/", snapshots)]
    async with slow.connect(other) as client:
        neighbour = await client.get("/api/v1/status")

    codes = [answer.status_code for answer in answers]
    assert set(codes) == {200, 429}
    assert codes.count(200) == 5
    for refused in (*(answer for answer in answers if answer.status_code == 429), *scripts):
        assert (refused.status_code, refused.json()["errorCode"]) == (429, "TOO_MANY_REQUESTS")
        assert 1 <= int(refused.headers["retry-after"]) <= 1000
    assert neighbour.status_code == 200


async def test_who_guesses_a_keys_secret_waits_and_its_holder_does_not(api: Api) -> None:
    held, unused = await api.key_with(Scope.READ), await api.key_with(Scope.READ)
    wrong = f"{held[:-SECRET_CHARACTERS]}{'x' * SECRET_CHARACTERS}"
    async with api.connect(held) as holder, api.connect() as stranger:
        assert (await holder.get("/api/v1/status")).status_code == 200
        answers = [await stranger.get("/api/v1/status", headers=shown(f"{wrong[:-2]}{at:02}")) for at in range(10)]
        of_a_script = await stranger.get("/api/1/apps", headers={"Mendix-Username": ADMIN, "Mendix-ApiKey": wrong})
        revoked = await api.client.delete(f"/api/v1/keys/{key_id(unused)}")
        seen = await holder.get("/api/v1/status")
        another = await stranger.get("/api/v1/status", headers=shown(api.key))

    codes = [answer.status_code for answer in answers]
    assert codes[:FREE_OF_NAME] == [401] * FREE_OF_NAME
    assert 429 in codes[FREE_OF_NAME:]
    for refused in (*(answer for answer in answers if answer.status_code == 429), of_a_script):
        assert refused.json()["errorCode"] == "TOO_MANY_REQUESTS", refused.text
        assert int(refused.headers["retry-after"]) >= 1
    assert revoked.status_code == 204, "which makes every key be verified anew"
    assert (seen.status_code, another.status_code) == (200, 200)


def shown(key: str) -> dict[str, str]:
    """A key as it is sent."""
    return {"Authorization": f"Bearer {key}"}

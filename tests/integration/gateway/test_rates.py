"""A key that calls too often is told when to come back; its neighbours notice nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.gateway.domain.rights import Scope
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import Api, open_api


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
        scripts = await client.get("/api/1/apps/")
    async with slow.connect(other) as client:
        neighbour = await client.get("/api/v1/status")

    codes = [answer.status_code for answer in answers]
    assert set(codes) == {200, 429}
    assert codes.count(200) == 5
    for refused in (*(answer for answer in answers if answer.status_code == 429), scripts):
        assert refused.json()["errorCode"] == "TOO_MANY_REQUESTS"
        assert 1 <= int(refused.headers["retry-after"]) <= 1000
    assert neighbour.status_code == 200

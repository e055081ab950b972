"""PostgreSQL's disk is full under all services: nothing is lost, and they go on by themselves when there is room."""

from uuid import uuid4

import httpx

from services.platform.process.settings import PostgresSettings
from tests.support.eventually import eventually
from tests.support.full_database import no_room
from tests.support.gateway import Api


async def test_a_full_database_keeps_what_is_asked_for_and_nobody_ends(api: Api, postgres: PostgresSettings) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    key, lives = {"Idempotency-Key": str(uuid4())}, {s.process.pid for s in api.platform.services.values()}
    server = postgres.model_copy(update={"database": api.platform.database("gateway").database})
    async with no_room(server, ["catalog", "read", "gateway"]):
        unknown = await api.client.post(place, headers=key, json={"comment": "full"})
        assert (await api.client.get(place)).status_code in {200, 503}

    async def repeat() -> httpx.Response | None:
        answer = await api.client.post(place, headers=key, json={"comment": "full"})
        return answer if answer.status_code != 503 else None

    known = await eventually(repeat)
    assert (unknown.status_code, unknown.json()["errorCode"]) == (503, "NOT_KNOWN_YET")
    assert known is not None
    assert known.status_code == 202
    assert [one["comment"] for one in (await api.client.get(place)).json()["backups"]] == ["full"]
    assert {s.process.pid for s in api.platform.services.values() if s.process.poll() is None} == lives

"""Connections are lost and made again; a caller meets an answer with Retry-After at worst, and never a wrong one."""

import httpx

from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.gateway import Api


async def test_lost_connections_to_postgresql_are_made_again(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    execute(
        api.platform.database(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'gateway' AND datname = current_database()",
    )

    async def ask() -> httpx.Response | None:
        answer = await api.client.post(place, headers={"Idempotency-Key": environment["environment_id"]})
        if answer.status_code == 503:
            assert answer.json()["errorCode"] in ("NOT_KNOWN_YET", "SERVICE_UNAVAILABLE")
            assert answer.headers["retry-after"]
            return None
        return answer

    answer = await eventually(ask)
    assert answer is not None
    assert answer.status_code == 202, answer.text
    again = await api.client.post(place)
    assert again.status_code == 202, again.text
    assert len((await api.client.get(place)).json()["backups"]) == 2

"""Connections are lost and made again; a caller meets an answer with Retry-After at worst, and never a wrong one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from services.gateway.domain.rights import Scope
from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.gateway import Api

END_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway' AND datname = current_database()"
)


@asynccontextmanager
async def _nobody_let_in(api: Api) -> AsyncIterator[None]:
    """As long as this lasts, PostgreSQL has no connection for a service; afterwards the gateway works again."""
    place = api.platform.database()
    limit = f"ALTER DATABASE {place.database} CONNECTION LIMIT"

    async def looks() -> bool:
        return (await api.client.get("/api/v1/apps")).status_code == httpx.codes.OK

    execute(place, f"{limit} 0", END_CONNECTIONS)
    try:
        yield
    finally:
        execute(place, f"{limit} -1")
        await eventually(looks)


async def test_lost_connections_to_postgresql_are_made_again(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    execute(api.platform.database(), END_CONNECTIONS)

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


async def test_scripts_are_told_by_their_own_table_that_an_engine_is_away(api: Api) -> None:
    ours, scripts = await api.key_with(Scope.READ), await api.key_with(Scope.READ)
    snapshots = f"/api/v2/apps/{uuid4()}/environments/{uuid4()}/snapshots"
    async with _nobody_let_in(api), api.connect(ours) as page, api.connect(scripts) as script:
        told = [(await page.get("/api/v1/apps"), 503)]
        told += [(await script.get(path), 500) for path in (snapshots, "/api/1/apps")]

    for answer, status in told:
        assert (answer.status_code, answer.json()["errorCode"]) == (status, "SERVICE_UNAVAILABLE"), answer.text
        assert answer.headers["retry-after"]

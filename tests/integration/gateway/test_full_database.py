"""PostgreSQL's disk is full under all services: nothing is lost, and they go on by themselves when there is room.

The engine's own error, thrown by a trigger on every table: a disk cannot be filled without being root.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx

from services.platform.process.settings import PostgresSettings
from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.gateway import Api

FULL = """
CREATE FUNCTION read.full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = ANY (
        ARRAY['catalog', 'read', 'gateway']::regnamespace[]
    ) LOOP
        EXECUTE format('CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON %s EXECUTE FUNCTION read.full_disk()', one);
    END LOOP;
END $$
"""


@contextmanager
def no_room(server: PostgresSettings) -> Iterator[None]:
    execute(server, FULL)
    try:
        yield
    finally:
        execute(server, "DROP FUNCTION read.full_disk CASCADE")


async def test_a_full_database_keeps_what_is_asked_for_and_nobody_ends(api: Api, postgres: PostgresSettings) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    key, lives = {"Idempotency-Key": str(uuid4())}, {s.process.pid for s in api.platform.services.values()}
    server = postgres.model_copy(update={"database": api.platform.database("gateway").database})
    with no_room(server):
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

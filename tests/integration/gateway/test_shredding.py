"""All backups of an environment are shredded over HTTP: by whom, with which confirmation, and what is told of it."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx

from services.gateway.domain.rights import Scope
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json

ARCHIVE = """
    WITH made AS (
        INSERT INTO gateway.archive (archive_id, backup_id, environment_id, app_id, data_type, file_name, requested_at,
            requested_by, updated_at, head)
        VALUES ($1, $2, $3, $4, 'files_only', 'orders.tar.gz', $5, 'ada', $5, 'names of documents')
        RETURNING archive_id
    )
    INSERT INTO gateway.archive_page (archive_id, start, page) SELECT archive_id, 0, 'more names' FROM made
"""
KEPT = """
    SELECT head IS NOT NULL AS has_head,
        (SELECT count(*) FROM gateway.archive_page WHERE archive_page.archive_id = archive.archive_id) AS pages
    FROM gateway.archive WHERE environment_id = $1
"""


def place(environment: Json) -> str:
    return f"/api/v1/environments/{environment['environment_id']}/shredding"


async def backed_up(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    await api.completed(environment, answer.json())
    return dict(answer.json())


async def ended(api: Api, environment: Json, name: str, shred_id: str, **changes: object) -> Json:
    """What retention says at its end, and what is shown then."""
    record = api.history(environment).record(f"retention/shredding/{shred_id}", name, shred_id=shred_id, **changes)
    await api.tell(record)
    return await api.eventually(place(environment), "state", "completed" if name == "BackupsShredded" else "failed")


async def test_it_is_confirmed_accepted_once_and_tells_what_it_left(api: Api) -> None:
    environment = await api.ready_environment()
    backup, key = await backed_up(api, environment), {"Idempotency-Key": str(uuid4())}
    asked = await api.client.post(place(environment), json={"confirm_name": "production"}, headers=key)
    assert asked.status_code == httpx.codes.ACCEPTED, asked.text
    begun = asked.json()
    assert (begun["state"], begun["requested_by"], begun["backup_count"]) == ("running", "ada", 1)
    again = await api.client.post(place(environment), json={"confirm_name": "production"}, headers=key)
    assert again.json()["shred_id"] == begun["shred_id"]
    gone = f"/api/v1/backups/{backup['backup_id']}"
    assert (await api.client.get(gone)).status_code == httpx.codes.NOT_FOUND
    done = await ended(api, environment, "BackupsShredded", begun["shred_id"], keys_destroyed=2)
    assert (done["keys_destroyed"], done["left"]["packs"], done["left"]["tombstones"]) == (2, 12, 37)
    history = api.history(environment)
    history.backup_id = backup["backup_id"]
    stream = f"retention/backup/{backup['backup_id']}"
    await api.tell(history.record(stream, "BackupDeleted", why="shredded", shared_with=None))
    explained = await api.eventually(f"{gone}/explain", "state", "deleted")
    assert explained["ending"]["why"] == "shredded"
    assert explained["sentences"][-2].startswith("ada asked at ")
    assert explained["sentences"][-1].endswith("nothing opens it any more, whoever has which key.")


async def test_what_the_gateway_kept_of_their_downloads_goes_too(api: Api) -> None:
    environment, other = await api.ready_environment(), await api.ready_environment()
    for one in (environment, other):
        async with api.database.transaction() as c:
            await c.execute(ARCHIVE, uuid4(), uuid4(), one["environment_id"], one["app_id"], datetime.now(UTC))
    asked = await api.client.post(place(environment), json={"confirm_name": "production"})
    assert asked.status_code == httpx.codes.ACCEPTED, asked.text

    async def kept(one: Json) -> tuple[bool, int]:
        async with api.database.transaction() as c:
            row = await c.fetchrow(KEPT, one["environment_id"])
        assert row is not None
        return row["has_head"], row["pages"]

    async def is_forgotten() -> bool:
        return await kept(environment) == (False, 0)

    await eventually(is_forgotten)
    assert await kept(other) == (True, 1)


async def test_only_an_administrator_of_the_environment_may(api: Api) -> None:
    environment = await api.ready_environment()
    others = await api.key_with(*(scope for scope in Scope if scope is not Scope.ADMIN))
    async with api.connect(others) as client:
        refused = await client.post(place(environment), json={"confirm_name": "production"})
        assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
        assert (await client.get(place(environment))).status_code == httpx.codes.NOT_FOUND
    async with api.connect(await api.key_with(Scope.ADMIN)) as client:
        assert (await client.get(place(environment))).status_code == httpx.codes.FORBIDDEN
        accepted = await client.post(place(environment), json={"confirm_name": "production"})
        assert accepted.status_code == httpx.codes.ACCEPTED, accepted.text


async def test_another_name_or_none_confirms_nothing(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await backed_up(api, environment)
    for body in ({"confirm_name": "acceptance"}, {"confirm_name": ""}, {}):
        refused = await api.client.post(place(environment), json=body)
        assert (refused.status_code, refused.json()["field"]) == (httpx.codes.BAD_REQUEST, "confirm_name")
    assert (await api.client.get(f"/api/v1/backups/{backup['backup_id']}")).status_code == httpx.codes.OK


async def test_what_is_under_way_is_named(api: Api) -> None:
    environment = await api.ready_environment()
    queued = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    refused = await api.client.post(place(environment), json={"confirm_name": "production"})
    assert (refused.status_code, refused.json()["errorCode"]) == (httpx.codes.CONFLICT, "ENVIRONMENT_BUSY")
    assert queued["backup_id"] in refused.json()["errorMessage"]


async def test_backups_of_a_removed_environment_are_shredded_and_a_failure_is_told(api: Api) -> None:
    environment = await api.ready_environment()
    await backed_up(api, environment)
    removed = await api.client.delete(f"/api/v1/environments/{environment['environment_id']}")
    assert removed.status_code == httpx.codes.NO_CONTENT
    begun = await api.client.post(place(environment), json={"confirm_name": "production"})
    assert begun.status_code == httpx.codes.ACCEPTED, begun.text
    failed = await ended(api, environment, "ShreddingFailed", begun.json()["shred_id"])
    assert failed["failure"]["reason"] == "the object store did not answer"
    again = await api.client.post(place(environment), json={"confirm_name": "production"})
    assert (again.status_code, again.json()["state"]) == (httpx.codes.ACCEPTED, "running")

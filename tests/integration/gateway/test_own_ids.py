"""Apps and environments get back the ids that they had before a loss, from the platform's administrators alone."""

from secrets import token_hex
from uuid import uuid4

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import as_user, customer, give, new_user, told
from tests.support.gateway import Api, described


async def test_an_app_and_its_environment_are_registered_under_the_ids_that_they_had(api: Api) -> None:
    slug, app_id, environment_id = f"app-{token_hex(4)}", str(uuid4()), str(uuid4())
    body = {"name": "Orders", "slug": slug, "app_id": app_id}
    registered = await api.client.post("/api/v1/apps", json=body)
    assert (registered.status_code, registered.json()["app_id"]) == (201, app_id), registered.text
    body = described() | {"environment_id": environment_id}
    answer = await api.client.post(f"/api/v1/apps/{app_id}/environments", params={"wait_seconds": 0}, json=body)
    assert (answer.status_code, answer.json()["environment_id"]) == (201, environment_id), answer.text
    again = {"name": "Orders", "slug": f"{slug}-2", "app_id": app_id}
    assert told(await api.client.post("/api/v1/apps", json=again)) == (409, "ALREADY_EXISTS")


async def test_an_organisations_administrator_chooses_no_id(api: Api) -> None:
    ours = await customer(api)
    boss = await new_user(api, ours["organisation_id"])
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN, Scope.READ)
    async with as_user(api, boss) as client:
        body = {"name": "Orders", "slug": f"app-{token_hex(4)}"}
        assert told(await client.post("/api/v1/apps", json=body | {"app_id": str(uuid4())})) == (403, "NO_ACCESS")
        assert (await client.post("/api/v1/apps", json=body)).status_code == 201


async def test_a_backup_is_recovered_by_an_administrator_of_its_environment_alone(api: Api) -> None:
    environment = await api.ready_environment()
    path = f"/api/v1/environments/{environment['environment_id']}/recovered-backups/{uuid4()}"
    others = await api.key_with(*(scope for scope in Scope if scope is not Scope.ADMIN))
    async with api.connect(others) as client:
        assert told(await client.put(path)) == (403, "NO_ACCESS")

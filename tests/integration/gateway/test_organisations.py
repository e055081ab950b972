"""Which organisations somebody is shown: all for whoever administers the platform, else those that are theirs."""

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import FORBIDDEN, as_user, customer, give, new_user, told
from tests.support.gateway import Api, Json

LISTED = "/api/v1/organisations"


async def test_somebody_sees_the_own_organisation_and_those_with_rights_page_by_page(api: Api) -> None:
    ours, other, _hidden = [await customer(api) for _ in range(3)]
    user = await new_user(api, ours["organisation_id"])
    async with as_user(api, user) as client:
        alone = (await client.get(LISTED)).json()
        await give(api, f"/organisations/{other['organisation_id']}", user, Scope.READ)
        first = (await client.get(LISTED, params={"limit": 1})).json()
        second = (await client.get(LISTED, params={"limit": 1, "after": first["next"]})).json()
    assert alone == {"organisations": [ours], "next": None}
    by_name = sorted((ours, other), key=lambda one: str(one["name"]))
    assert [*first["organisations"], *second["organisations"]] == by_name
    assert second["next"] is None


async def test_whoever_administers_the_platform_sees_all_and_whoever_only_reads_there_the_own(api: Api) -> None:
    ours, other = [await customer(api) for _ in range(2)]
    user = await new_user(api, ours["organisation_id"])
    await give(api, "", user, Scope.READ)
    async with as_user(api, user) as client:
        seen = (await client.get(LISTED)).json()["organisations"]
    every = await api.every(LISTED, "organisations", limit=2)
    assert seen == [ours]
    assert [one for one in every if one in (ours, other)] == sorted((ours, other), key=lambda one: str(one["name"]))


async def test_a_key_that_is_kept_to_something_shows_no_organisation_but_those_it_is_kept_to(api: Api) -> None:
    ours, other, app = await customer(api), await customer(api), await api.new_app()
    user = await new_user(api, ours["organisation_id"])
    await give(api, f"/organisations/{other['organisation_id']}", user, Scope.ADMIN)
    kept = [
        {"scopes": ["admin"], "places": [{"kind": "app", "id": app["app_id"]}]},
        {"scopes": ["admin"], "places": [{"kind": "organisation", "id": other["organisation_id"]}]},
        {"scopes": ["admin"], "places": [{"kind": "platform", "id": "00000000-0000-0000-0000-000000000000"}]},
    ]
    async with as_user(api, user) as client:
        keys = [(await client.post("/api/v1/keys", json=one)).json()["api_key"] for one in kept]
    shown: list[list[Json]] = []
    for key in keys:
        async with api.connect(key) as client:
            shown.append((await client.get(LISTED)).json()["organisations"])
    assert shown == [[], [other], sorted((ours, other), key=lambda one: str(one["name"]))]


async def test_a_key_without_the_scope_lists_none(api: Api) -> None:
    async with api.connect(await api.key_with(Scope.READ)) as client:
        assert told(await client.get(LISTED)) == FORBIDDEN

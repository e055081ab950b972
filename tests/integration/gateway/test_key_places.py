"""A key that is kept to places makes keys for these places and for what lies within them, and for nothing else."""

from uuid import UUID, uuid4

from services.gateway.domain.rights import PLATFORM, Scope
from tests.integration.gateway.test_people import FORBIDDEN, as_user, customer, give, hand_over, new_user, told
from tests.support.gateway import Api, Json

KEYS = "/api/v1/keys"


def place(kind: str, thing_id: object) -> Json:
    return {"kind": kind, "id": str(thing_id)}


def asked(*places: Json) -> Json:
    return {"scopes": ["admin", "read"], "places": list(places)}


async def test_a_key_of_an_app_or_an_organisation_makes_one_of_an_environment_in_it(api: Api) -> None:
    ours, here = await customer(api), await api.ready_environment()
    beside, elsewhere = await api.new_environment(here, "acceptance"), await api.ready_environment()
    await hand_over(api, here, ours)
    inside, outside = [place("environment", one["environment_id"]) for one in (here, elsewhere)]
    app, organisation = place("app", here["app_id"]), place("organisation", ours["organisation_id"])
    for kept in (app, organisation):
        made = (await api.client.post(KEYS, json=asked(kept))).json()["api_key"]
        async with api.connect(made) as client:
            able = await client.post(KEYS, json=asked(inside))
            both = await client.post(KEYS, json=asked(inside, kept))
            refused = [
                await client.post(KEYS, json=asked(*places))
                for places in ((), (outside,), (inside, outside), (place("environment", uuid4()),),
                               (place("app", uuid4()),), (place("platform", PLATFORM.id),))
            ]  # fmt: skip
        async with api.connect(able.json()["api_key"]) as client:
            seen = [one["environment_id"] for one in (await client.get("/api/v1/environments")).json()["environments"]]
            further = await client.post(KEYS, json=asked(app))
        assert (able.status_code, both.status_code) == (201, 201), able.text
        assert [told(one) for one in (*refused, further)] == [FORBIDDEN] * 7
        assert seen == [here["environment_id"]]
        assert beside["environment_id"] not in seen


async def test_a_key_of_the_platform_makes_one_of_anything_and_none_that_is_kept_to_nothing(api: Api) -> None:
    environment, everywhere = await api.ready_environment(), place("platform", UUID(int=0))
    made = (await api.client.post(KEYS, json=asked(everywhere))).json()["api_key"]
    async with api.connect(made) as client:
        able = await client.post(KEYS, json=asked(place("environment", environment["environment_id"])))
        refused = await client.post(KEYS, json=asked())
    assert (able.status_code, told(refused)) == (201, FORBIDDEN)


async def test_nobody_learns_so_which_environments_lie_in_an_app_of_others(api: Api) -> None:
    user, foreign = await new_user(api, (await customer(api))["organisation_id"]), await api.ready_environment()
    await give(api, f"/organisations/{user['organisation_id']}", user, *Scope)
    async with as_user(api, user) as client:
        made = (await client.post(KEYS, json=asked(place("app", foreign["app_id"])))).json()["api_key"]
    async with api.connect(made) as client:
        there = await client.post(KEYS, json=asked(place("environment", foreign["environment_id"])))
        nowhere = await client.post(KEYS, json=asked(place("environment", uuid4())))
    assert (there.status_code, there.json()) == (nowhere.status_code, nowhere.json())
    assert told(there) == FORBIDDEN

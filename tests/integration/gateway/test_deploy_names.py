"""Which app a name means to scripts of the Deploy API: never another one than was named."""

from secrets import token_hex

import pytest

from tests.support.gateway import Api, Json


async def _app(api: Api, slug: str, name: str) -> Json:
    answer = await api.client.post("/api/v1/apps", json={"name": name, "slug": slug})
    assert answer.status_code == 201, answer.text
    app: Json = answer.json()
    await api.new_environment(app, passed=False)
    return app


async def _found(api: Api, name: str) -> str | None:
    """The slug of the app that a name means."""
    answer = await api.client.get(f"/api/1/apps/{name}/environments")
    if answer.status_code == 404:
        assert answer.json()["errorCode"] == "ENVIRONMENT_NOT_FOUND"
        return None
    (environment,) = answer.json()
    shown = await api.client.get(f"/api/v1/environments/{environment['EnvironmentId']}")
    return str(shown.json()["app_slug"])


@pytest.fixture
def shop() -> str:
    """A name that no other test uses."""
    return f"shop-{token_hex(4)}"


async def test_an_app_is_found_by_its_slug_though_another_one_has_that_name(api: Api, shop: str) -> None:
    await _app(api, shop, shop.capitalize())
    await _app(api, f"{shop}-2", shop)

    assert await _found(api, shop) == shop
    assert await _found(api, shop.capitalize()) == shop
    assert await _found(api, f"{shop}-2") == f"{shop}-2"
    assert await _found(api, shop.upper()) == shop, "a slug without regard to case goes before such a name"


async def test_an_exact_name_goes_before_a_slug_without_regard_to_case(api: Api, shop: str) -> None:
    await _app(api, shop, "Orders")
    await _app(api, f"{shop}-2", shop.upper())

    assert await _found(api, shop.upper()) == f"{shop}-2"


async def test_a_name_that_is_alike_to_several_finds_none_of_them(api: Api, shop: str) -> None:
    for number, name in enumerate(("My Shop", "My Shop", "MY SHOP")):
        await _app(api, f"{shop}-{number}", f"{name} {shop}")

    assert await _found(api, f"MY SHOP {shop}") == f"{shop}-2"
    assert await _found(api, f"My Shop {shop}") is None
    assert await _found(api, f"my shop {shop}") is None

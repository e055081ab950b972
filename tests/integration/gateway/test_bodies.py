"""What cannot be read is refused with the field or the reason, and nothing of the inside is told."""

from collections.abc import AsyncIterator

import httpx
import pytest

from contracts.defaults import COMMAND_BYTES, COMMENT_CHARACTERS
from tests.integration.gateway.test_access import OPENED_OTHERWISE
from tests.support.gateway import Api

JSON = {"content-type": "application/json"}


def _told(answer: httpx.Response) -> tuple[int, str, str | None]:
    assert set(answer.json()) <= {"errorCode", "errorMessage", "field"}
    return answer.status_code, answer.json()["errorCode"], answer.json().get("field")


NESTED = b"[" * (COMMAND_BYTES // 2)
"""More than any reader goes into."""


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"nonsense", b'{"name": "x", "slug": "x"', NESTED])
async def test_a_body_that_is_no_json(api: Api, body: bytes) -> None:
    answer = await api.client.post("/api/v1/apps", content=body, headers=JSON)

    assert _told(answer) == (400, "MALFORMED", None)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1"])
async def test_a_body_that_is_no_object(api: Api, body: bytes) -> None:
    answer = await api.client.post("/api/v1/apps", content=body, headers=JSON)

    assert _told(answer) == (400, "MALFORMED", None)


async def test_a_body_of_another_kind_says_which_kind_is_wanted(api: Api) -> None:
    answer = await api.client.post("/api/v1/apps", data={"name": "x", "slug": "x"})

    assert answer.status_code == 400
    assert "application/json" in answer.json()["errorMessage"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "slug"),
        ({"name": "x", "slug": "Not A Slug"}, "slug"),
        ({"name": "x" * 201, "slug": "x"}, "name"),
        ({"name": "a\x00b", "slug": "x"}, "name"),
        ({"name": 7, "slug": "x"}, "name"),
        ({"name": "   ", "slug": "x"}, "name"),
        ({"name": "x", "slug": "x", "owner": "me"}, "owner"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, body: dict[str, object], field: str) -> None:
    assert _told(await api.client.post("/api/v1/apps", json=body)) == (400, "INVALID_PARAMETERS", field)


async def test_a_comment_has_its_limit(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"

    assert (await api.client.post(place, json={"comment": "ä" * COMMENT_CHARACTERS})).status_code == 202
    answer = await api.client.post(place, json={"comment": "x" * (COMMENT_CHARACTERS + 1)})

    assert _told(answer) == (400, "INVALID_PARAMETERS", "comment")


async def test_a_body_that_is_too_large_is_refused_unread_and_while_it_is_read(api: Api) -> None:
    large = b'{"name": "' + b"x" * COMMAND_BYTES + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    for content in (large, pieces()):
        answer = await api.client.post("/api/v1/apps", content=content, headers=JSON)
        assert _told(answer) == (413, "TOO_LARGE", None)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/apps?limit=0", "limit"),
        ("/api/v1/apps?limit=501", "limit"),
        ("/api/v1/apps?limit=many", "limit"),
        ("/api/v1/apps?after=x", "after"),
        ("/api/v1/apps?name=%00", "name"),
        ("/api/v1/environments?app_id=x", "app_id"),
    ],
)
async def test_a_wrong_parameter_is_named(api: Api, path: str, field: str) -> None:
    assert _told(await api.client.get(path)) == (400, "INVALID_PARAMETERS", field)


async def test_an_unknown_address_and_an_unknown_method(api: Api) -> None:
    assert _told(await api.client.get("/api/v1/nothing"))[:2] == (404, "NOT_FOUND")
    assert _told(await api.client.get("/api/v2/nothing"))[:2] == (404, "NOT_FOUND")
    assert _told(await api.client.put("/api/v1/apps"))[:2] == (405, "METHOD_NOT_ALLOWED")


async def test_the_description_of_the_api_tells_what_is_answered(api: Api) -> None:
    described = (await api.client.get("/openapi.json")).json()

    assert described["openapi"].startswith("3.1")
    answers = [
        (path, method, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    assert len({operation["operationId"] for _, _, operation in answers}) == len(answers)
    for path, method, operation in answers:
        assert "422" not in operation["responses"], path
        known: list[dict[str, list[str]]] = [{"HTTPBearer": []}, {"Mendix-Username": [], "Mendix-ApiKey": []}]
        is_open = path.startswith(OPENED_OTHERWISE)
        assert all(way in operation["security"] for way in known) != is_open, path
        refusals = [answer for status, answer in operation["responses"].items() if status >= "400"]
        assert all("application/json" in answer["content"] for answer in refusals), f"{method} {path}"
        if not is_open and method not in {"get", "head"} and not path.endswith("/simulations"):
            assert any(one["name"] == "Idempotency-Key" for one in operation["parameters"]), f"{method} {path}"


async def test_the_page_of_the_api_needs_nothing_from_elsewhere(api: Api) -> None:
    page = (await api.client.get("/docs")).text

    assert "http://" not in page
    assert "https://" not in page
    for file in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert file in page
        assert (await api.client.get(f"/static-offline-docs/{file}")).status_code == 200


async def test_requests_are_measured_by_route(api: Api) -> None:
    await api.client.get("/api/v1/apps")

    metrics = (await api.client.get("/metrics")).text

    assert 'nightkeep_http_request_seconds_count{method="GET",route="/api/v1/apps",status="200"}' in metrics

"""Pages by number as scripts ask for them: through whichever gateway, with whatever limit."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from services.gateway.adapters.steady import REMEMBERED_LISTS, REMEMBERED_SECONDS, Reader, SteadyLists
from services.gateway.domain.keys import parse
from services.gateway.domain.paging import Instant
from tests.support.databases import execute
from tests.support.gateway import PATIENT, Api, Json, second_gateway


@pytest.fixture(scope="module")
async def second(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of another gateway of the same platform."""
    async with second_gateway(api, **PATIENT) as other, other.connect(api.key) as client:
        yield client


async def _listed(api: Api, count: int) -> tuple[str, list[str]]:
    environment = await api.ready_environment()
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"
    made = [str((await api.client.post(place)).json()["snapshot_id"]) for _ in range(count)]
    return place, made[::-1]


async def _page(client: httpx.AsyncClient, place: str, offset: int, limit: int) -> list[str]:
    shown: Json = (await client.get(place, params={"offset": offset, "limit": limit})).json()
    return [one["snapshot_id"] for one in shown["snapshots"]]


async def test_pages_hold_still_whichever_gateway_answers_them(api: Api, second: httpx.AsyncClient) -> None:
    place, made = await _listed(api, 4)

    first = await _page(api.client, place, 0, 2)
    added = (await api.client.post(place)).json()["snapshot_id"]
    rest = await _page(second, place, 2, 2)
    left = await _page(second, place, 3, 1)
    anew = await _page(second, place, 0, 2)

    assert first + rest == made
    assert left == made[3:]
    assert anew + await _page(api.client, place, 2, 3) == [added, *made]


@pytest.mark.parametrize(("asked", "given"), [(1000, 1000), (10_001, 10_000), (10**12, 10_000)])
async def test_a_larger_limit_than_there_is_gives_the_largest_and_says_so(api: Api, asked: int, given: int) -> None:
    place, made = await _listed(api, 2)

    answer = await api.client.get(place, params={"limit": asked})

    assert (answer.status_code, answer.json()["limit"]) == (200, given), answer.text
    assert [one["snapshot_id"] for one in answer.json()["snapshots"]] == made


async def test_what_is_remembered_of_lists_is_swept_as_new_ones_begin(api: Api) -> None:
    place, _ = await _listed(api, 1)
    parsed = parse(api.key)
    assert parsed is not None
    key_id, many = parsed.key_id, REMEMBERED_LISTS + 50
    execute(
        api.platform.database(),
        "INSERT INTO gateway.steady_list SELECT 'gone', gen_random_uuid(), 1, now(), gen_random_uuid(),"
        " now() - interval '1 s' FROM generate_series(1, 20)",
        f"INSERT INTO gateway.steady_list SELECT '{key_id}', gen_random_uuid(), 1, now(), gen_random_uuid(),"  # noqa: S608 -- of our own
        f" now() + interval '1 min' FROM generate_series(1, {many})",
    )

    for _ in range(3):
        assert (await api.client.get(place)).is_success

    async with api.database.transaction() as c:
        left = await c.fetchval("SELECT count(*) FROM gateway.steady_list WHERE key_id = 'gone'")
        held = await c.fetchval("SELECT count(*) FROM gateway.steady_list WHERE key_id = $1", key_id)
    assert left == 0
    assert 0 < held <= REMEMBERED_LISTS


async def test_no_backup_is_hidden_by_an_earlier_walk_with_another_page_size(api: Api) -> None:
    place, made = await _listed(api, 4)
    assert await _page(api.client, place, 0, 2) == made[:2]
    added = [str((await api.client.post(place)).json()["snapshot_id"]) for _ in range(2)]

    walk = [await _page(api.client, place, offset, limit) for offset, limit in ((0, 3), (3, 2), (5, 1))]

    assert [one for page in walk for one in page] == [*added[::-1], *made]


async def test_a_list_that_begins_late_does_not_take_the_top_of_a_newer_one(api: Api) -> None:
    place, made = await _listed(api, 2)
    parsed = parse(api.key)
    assert parsed is not None
    lists = SteadyLists(api.database)
    reader = Reader(parsed.key_id, UUID(place.split("/")[-2]))
    newer, older = (Instant(datetime(2026, 3, day, tzinfo=UTC), UUID(one)) for day, one in ((2, made[0]), (1, made[1])))

    await lists.begin(reader, newer)
    await lists.begin(reader, older)

    assert await lists.top(reader) == newer


async def test_a_long_walk_holds_still_to_its_end_however_long_it_takes(api: Api) -> None:
    place, made = await _listed(api, 3)
    seen = await _page(api.client, place, 0, 1)
    for offset in (1, 2):
        await api.client.post(place)
        execute(
            api.platform.database(),
            f"UPDATE gateway.steady_list SET until = until - interval '{REMEMBERED_SECONDS * 0.6} s'",  # noqa: S608 -- ours
        )
        seen += await _page(api.client, place, offset, 1)

    assert seen == made

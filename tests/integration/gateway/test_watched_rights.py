"""Who may no longer see a job watches it no longer: a stream outlives no key, no session, no user and no right."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import httpx
import pytest
from httpx_sse import aconnect_sse

from contracts.defaults import SESSION_IDLE_MINUTES
from services.gateway.adapters.watching import REPEAT_SECONDS
from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import give, key_id, let_in, new_user
from tests.integration.gateway.test_sessions import cookie_of, signed_in, with_password
from tests.support.gateway import Api, Json

SOON_SECONDS: Final = 12 * REPEAT_SECONDS
"""On a machine where everything else runs too; how soon is said by how often the state was told again."""


async def remove_user(api: Api, user: Json, _key: str) -> None:
    assert (await api.client.delete(f"/api/v1/users/{user['user_id']}")).status_code == 204


async def revoke_key(api: Api, _user: Json, key: str) -> None:
    assert (await api.client.delete(f"/api/v1/keys/{key_id(key)}")).status_code == 204


async def revoke_key_elsewhere(api: Api, _user: Json, key: str) -> None:
    """As another process does it, of which this one hears nothing."""
    async with api.database.transaction() as c:
        await c.execute("UPDATE gateway.api_key SET revoked_at = clock_timestamp() WHERE key_id = $1", key_id(key))


async def take_right(api: Api, user: Json, _key: str) -> None:
    await give(api, "", user, Scope.CREATE)


LOSSES: Final[list[Callable[[Api, Json, str], Awaitable[None]]]] = [
    remove_user, revoke_key, revoke_key_elsewhere, take_right
]  # fmt: skip


async def new_backup(api: Api) -> tuple[Json, Json]:
    environment = await api.ready_environment()
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    return environment, dict(answer.json())


async def seen_by(
    watcher: httpx.AsyncClient, backup: Json, then: Callable[[], Awaitable[object]], *, after: int = 1
) -> list[str]:
    """The kinds of a backup's events until its stream ends; `then` is done after so many of them."""
    kinds: list[str] = []
    async with (
        asyncio.timeout(SOON_SECONDS),
        watcher,
        aconnect_sse(watcher, "GET", f"/api/v1/backups/{backup['backup_id']}/progress") as source,
    ):
        async for event in source.aiter_sse():
            kinds.append(event.event)
            if len(kinds) == after:
                await then()
    return kinds


@pytest.mark.parametrize("lose", LOSSES)
async def test_a_stream_ends_soon_once_its_watcher_may_not_see_it(
    api: Api, lose: Callable[[Api, Json, str], Awaitable[None]]
) -> None:
    _, backup = await new_backup(api)
    user = await new_user(api)
    await give(api, "", user, Scope.READ, Scope.CREATE)
    key = await let_in(api, user)
    assert await seen_by(api.connect(key), backup, lambda: lose(api, user, key)) == ["state"]


async def test_a_stream_ends_soon_once_its_watcher_has_signed_out(api: Api) -> None:
    _, backup = await new_backup(api)
    begun = await signed_in(api, await with_password(api))
    page = api.connect(Cookie=cookie_of(begun))

    async def sign_out() -> None:
        out = await page.delete("/api/v1/session", headers={"X-CSRF-Token": begun.json()["csrf_token"]})
        assert out.status_code == 204

    assert await seen_by(page, backup, sign_out) == ["state"]


async def test_a_page_that_is_left_open_does_not_keep_its_session(api: Api) -> None:
    (_, backup), user = await new_backup(api), await with_password(api)
    begun = await signed_in(api, user)
    almost = timedelta(minutes=SESSION_IDLE_MINUTES, seconds=-REPEAT_SECONDS - 1)
    aged = "UPDATE gateway.session SET seen_at = clock_timestamp() - $1::interval WHERE user_id = $2::text::uuid"

    async def let_it_age() -> None:
        async with api.database.transaction() as c:
            await c.execute(aged, almost, user["user_id"])

    assert set(await seen_by(api.connect(Cookie=cookie_of(begun)), backup, let_it_age)) == {"state"}
    async with api.connect(Cookie=cookie_of(begun)) as page:
        assert (await page.get("/api/v1/status")).status_code == 401


async def test_who_asks_again_is_refused_by_the_process_that_ended_the_stream(api: Api) -> None:
    _, backup = await new_backup(api)
    user = await new_user(api)
    await give(api, "", user, Scope.READ)
    key = await let_in(api, user)
    async with api.connect(key) as watcher:
        place = f"/api/v1/backups/{backup['backup_id']}/progress"
        async with aconnect_sse(watcher, "GET", place) as source:
            async for _ in source.aiter_sse():
                await revoke_key_elsewhere(api, user, key)
        assert (await watcher.get(place)).status_code == 401


async def test_the_end_of_a_job_is_not_told_to_who_was_removed_before_it(api: Api) -> None:
    environment, backup = await new_backup(api)
    user = await new_user(api)
    await give(api, "", user, Scope.READ)

    async def remove_and_end() -> None:
        await remove_user(api, user, "")
        await api.completed(environment, backup)

    assert await seen_by(api.connect(await let_in(api, user)), backup, remove_and_end) == ["state"]


async def test_who_may_still_see_it_watches_longer_than_the_state_is_repeated(api: Api) -> None:
    environment, backup = await new_backup(api)
    user = await new_user(api)
    await give(api, f"/environments/{environment['environment_id']}", user, Scope.READ)
    watcher = api.connect(await let_in(api, user))
    kinds = await seen_by(watcher, backup, lambda: api.completed(environment, backup), after=2)
    assert kinds[-1] == "end"

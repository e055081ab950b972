"""Who watches an archive is given its link, and nobody is who may not have it any more."""

import httpx
from httpx_sse import aconnect_sse

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import give, let_in, new_user
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.gateway import Json


async def _watched(shelf: Shelf, backup: Json, user: Json, key: str, *, removed: bool) -> list[Json]:
    """What a user is told of an archive, who is perhaps removed before it is made."""
    told: list[Json] = []
    async with shelf.api.connect(key) as watcher:
        async with shelf.nothing_leased():
            asked = await shelf.ask(backup)
            events = aconnect_sse(watcher, "GET", f"/api/v1/archives/{asked['archive_id']}/progress")
            source = await events.__aenter__()
            several = source.aiter_sse()
            told.append((await anext(several)).json())
            if removed:
                answer = await shelf.api.client.delete(f"/api/v1/users/{user['user_id']}")
                assert answer.status_code == httpx.codes.NO_CONTENT
        told += [event.json() async for event in several if event.event != "progress"]
        await events.__aexit__(None, None, None)
    await shelf.ended(asked)
    return told


async def test_a_removed_user_who_watches_an_archive_gets_no_link(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), documents(30, 100_000))
    user = await new_user(shelf.api)
    await give(shelf.api, "", user, Scope.READ)
    told = await _watched(shelf, backup, user, await let_in(shelf.api, user), removed=True)
    assert [(one["state"], one["url"]) for one in told] == [("queued", None)]


async def test_who_may_still_have_it_gets_its_link_with_the_end(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), documents(30, 100_000))
    user = await new_user(shelf.api)
    await give(shelf.api, "", user, Scope.READ)
    told = await _watched(shelf, backup, user, await let_in(shelf.api, user), removed=False)
    async with shelf.stranger() as stranger:
        assert (await stranger.head(told[-1]["url"])).status_code == httpx.codes.OK

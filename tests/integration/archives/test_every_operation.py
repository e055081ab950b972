"""Every operation of the API on things that are there: it does what it is for, and tells nobody else of any of them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from secrets import token_hex
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import pytest

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import customer, give, hand_over, let_in, new_user
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.gateway import Json
from tests.support.operations import Operation, operations
from tests.support.pool import Things, filled

pytestmark = pytest.mark.timeout(900)

NOT_REACHED: Final = {
    "begin_openid": (404, "no provider of identities is set up here; test_openid has one"),
    "end_openid": (404, "the same"),
}
"""Operations that cannot do on the pool what they are for: how they answer, and why."""
EMPTY_LISTS: Final = {"list_environments", "list_alerts"}
EMPTY_LISTS_WITHIN: Final = {"list_audit at their environment"}
"""What shows a foreigner an empty list, whether there is what is asked about or not; all else is refused."""
MOVING: Final = frozenset({"preview_backup", "explain_backup", "list_audit", "list_keys", "list_keys_of_user",
                           "list_alerts", "list_deliveries"})  # fmt: skip
"""What tells the time of the look, that there was one, or what the gateway does by itself."""
ENVIRONMENT: Final = ("environment_id", "app_id", "project_id")
PLACES: Final = {"environment": ENVIRONMENT, "backup": (*ENVIRONMENT, "backup_id", "snapshot_id")}
"""What addresses name that the foreigner has, too."""
LONG: Final = 8
"""Characters of what does not stand in an answer by chance."""


class Seen(NamedTuple):
    """What can be told of an answer, with the names of things for the things."""

    status: int
    headers: tuple[str, ...]
    text: str


class Pair(NamedTuple):
    """How a foreigner is answered about what there is, and about what there is not."""

    foreign: Seen
    made_up: Seen


class Walk(NamedTuple):
    """How every operation was answered, by its name."""

    alone: dict[str, Pair]
    within: dict[str, Pair]
    lists: dict[str, str]
    before: dict[str, bytes]
    after: dict[str, bytes]
    own: dict[str, tuple[int, str]]
    pool: Things


@pytest.fixture(scope="module")
async def walk(shelf: Shelf) -> AsyncIterator[Walk]:
    """First the foreigner comes, then the owner, who removes things."""
    pool = await filled(shelf)
    key, place = await _foreigner(shelf)
    yield await asyncio.to_thread(_walked, shelf, pool, key, place)
    for webhook in (await shelf.api.client.get("/api/v1/webhooks")).json()["webhooks"]:
        await shelf.api.client.delete(f"/api/v1/webhooks/{webhook['webhook_id']}")


async def _foreigner(shelf: Shelf) -> tuple[str, Json]:
    """Somebody who may do everything in an organisation of their own: the key, and a backup that is theirs."""
    api, backup = shelf.api, await shelf.backup(dump_of(10), documents(2, 1000, seed=2))
    theirs = await customer(api)
    user = await new_user(api, theirs["organisation_id"])
    await give(api, f"/organisations/{theirs['organisation_id']}", user, *Scope)
    await hand_over(api, backup, theirs)
    return await let_in(api, user), backup


def _walked(shelf: Shelf, pool: Things, key: str, place: Json) -> Walk:
    every = list(operations(shelf.api.url))
    closed = [one for one in every if not one.is_open]
    before = _looked(closed, pool, shelf.api.key)
    return Walk(
        alone={one.name: _pair(one, pool, {}, key) for one in closed if one.used},
        within=_within(closed, pool, place, key),
        lists={one.name: one.answer(pool, key).text for one in closed if one.only_looks and not one.used},
        before=before,
        after=_looked(closed, pool, shelf.api.key),
        own=_used(every, pool, shelf.api.key),
        pool=pool,
    )


def _looked(closed: Iterable[Operation], pool: Things, key: str) -> dict[str, bytes]:
    """All that the owner is shown."""
    return {one.name: one.answer(pool, key).content for one in closed if one.only_looks and one.name not in MOVING}


def _within(closed: Iterable[Operation], pool: Things, place: Json, key: str) -> dict[str, Pair]:
    """What names both, what is the foreigner's own and what is not."""
    own = place | {"project_id": place["app_id"], "snapshot_id": place["backup_id"]}
    answered = {}
    for at, kinds in PLACES.items():
        kept = {name: own[kind] for name in pool for kind in kinds if name.endswith(kind)}
        for one in closed:
            used = one.used & _made_up(pool).keys()
            if used & kept.keys() and used - kept.keys():
                answered[f"{one.name} at their {at}"] = _pair(one, pool, kept, key)
    return answered


def _pair(operation: Operation, pool: Things, kept: Things, key: str) -> Pair:
    return Pair(*(_seen(operation, pool | more | kept, key) for more in ({}, _made_up(pool))))


def _made_up(pool: Things) -> Things:
    """Things that are not there, for all of the pool that can be named by others than who knows their secret."""
    ids = {name: str(uuid4()) for name, value in pool.items() if _is_id(value)}
    return ids | {"key_id": token_hex(6), "dead_letter_id": "0-999999999", "app_name": f"app-{token_hex(4)}"}


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _seen(operation: Operation, things: Things, key: str) -> Seen:
    answer = operation.answer(things, key)
    text = answer.text
    for name, value in things.items():
        text = text.replace(value, name) if len(value) > LONG else text
    return Seen(answer.status_code, tuple(sorted(answer.headers)), text)


def _used(every: Iterable[Operation], pool: Things, key: str) -> dict[str, tuple[int, str]]:
    """First what only looks, last what removes; and what makes before what ends it."""

    def harm(one: Operation) -> tuple[bool, bool, bool]:
        return not one.only_looks, one.removes, one.name.startswith(("cancel", "undo"))

    answers = {one.name: one.answer(pool, key) for one in sorted(every, key=harm)}
    return {name: (answer.status_code, str(answer.content[:300])) for name, answer in answers.items()}


def test_every_operation_does_what_it_is_for(walk: Walk) -> None:
    refused = {name: answer for name, answer in walk.own.items() if answer[0] >= 300}

    assert {name: answer for name, answer in refused.items() if name not in NOT_REACHED} == {}
    assert {name: status for name, (status, _) in refused.items()} == {
        name: status for name, (status, _) in NOT_REACHED.items()
    }


def test_what_is_anothers_is_told_like_what_is_not_there(walk: Walk) -> None:
    assert {name: pair for name, pair in walk.alone.items() if pair.foreign != pair.made_up} == {}
    assert {name for name, pair in walk.alone.items() if pair.foreign.status not in (403, 404)} == EMPTY_LISTS
    assert len(walk.alone) > 90


def test_what_is_anothers_cannot_be_brought_into_what_is_ones_own(walk: Walk) -> None:
    assert {name: pair for name, pair in walk.within.items() if pair.foreign != pair.made_up} == {}
    assert {name for name, pair in walk.within.items() if pair.foreign.status < 400} == EMPTY_LISTS_WITHIN
    assert len(walk.within) > 20


def test_no_list_shows_anything_of_anothers(walk: Walk) -> None:
    things = {name: value for name, value in walk.pool.items() if len(value) > LONG}
    told = {(name, thing) for name, text in walk.lists.items() for thing, value in things.items() if value in text}
    assert told == set()
    assert len(walk.lists) > 8


def test_nobody_changes_anything_of_anothers(walk: Walk) -> None:
    assert walk.after == walk.before
    assert len(walk.before) > 40

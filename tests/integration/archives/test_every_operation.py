"""Every operation of the API on things that are there: it does what it is for, and for a foreigner none of it is there."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import pytest
import schemathesis
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import customer, give, let_in, new_user
from tests.support.archiving import documents
from tests.support.asking import Asking, asking, told
from tests.support.downloading import Shelf, dump_of
from tests.support.gateway import Json
from tests.support.pool import Things, filled

AS_DESCRIBED: Final = [status_code_conformance, content_type_conformance, response_schema_conformance]
OWN_KEY: Final = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
ENDS_WITHIN_SECONDS: Final = 120
NOT_REACHED: Final = {
    "begin_openid": (404, "no provider of identities is set up here; test_sessions has one"),
    "end_openid": (404, "the same"),
}
"""Operations that cannot succeed on the pool: how they answer, and why."""
MOVING: Final = frozenset({"preview_backup", "explain_backup", "list_audit", "status", "list_keys", "show_session"})
"""What tells the time of the look, or that there was one."""
OPEN_TO_ALL: Final = frozenset({"open", "downloads"})
"""What is opened by a secret that is sent, whoever sends it."""
EMPTY_LISTS: Final = {"list_environments", "list_alerts"}
"""What shows nothing where there is nothing that the caller may see."""
ENVIRONMENTS: Final = ("environment_id", "app_id", "project_id")
BACKUPS: Final = (*ENVIRONMENTS, "backup_id", "snapshot_id")
LONG: Final = 8
"""Characters of what is no id, name or secret by chance."""


@dataclass(frozen=True)
class Operation:
    """One of the API's, as its document describes it."""

    described: Any

    @property
    def name(self) -> str:
        return str(self.described.definition.raw["operationId"])

    @property
    def asking(self) -> Asking:
        return asking(self.name)

    @property
    def parameters(self) -> list[str]:
        return [one.name for one in self.described.path_parameters]

    @property
    def is_open(self) -> bool:
        return not OPEN_TO_ALL.isdisjoint(self.described.definition.raw["tags"])

    @property
    def looks(self) -> bool:
        return self.described.method.upper() in ("GET", "HEAD")

    def used(self) -> set[str]:
        """The names of the things that it is sent."""
        return self.asking.used(self.parameters)

    def answer(self, things: Things, key: str) -> Any:
        """What it answers when it is asked about these things, which is as described."""
        sent, names = self.asking, self.asking.names(self.parameters)
        body = {} if sent.body is None else {"body": told(sent.body, things), "media_type": _media_type(sent.body)}
        case = self.described.Case(
            path_parameters={name: things[thing] for name, thing in names.items()},
            query=told(sent.query, things),
            headers=told(sent.headers, things) | {"Authorization": f"Bearer {key}"},
            **body,
        )
        answer = case.call(timeout=ENDS_WITHIN_SECONDS, allow_redirects=False)
        case.validate_response(answer, checks=AS_DESCRIBED)
        return answer


class Seen(NamedTuple):
    """What can be told of an answer from outside, with the names of things for the things."""

    status: int
    headers: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Walk:
    """How every operation that names things was answered, by its name."""

    foreign: dict[str, Seen]
    made_up: dict[str, Seen]
    within: dict[str, Seen]
    made_up_within: dict[str, Seen]
    lists: dict[str, str]
    before: dict[str, bytes]
    after: dict[str, bytes]
    own: dict[str, tuple[int, str]]
    pool: Things


@pytest.fixture(scope="module")
async def walk(shelf: Shelf) -> Walk:
    """First the foreigner comes, then the owner, who removes things."""
    pool = await filled(shelf)
    key, place = await _foreigner(shelf)
    return await asyncio.to_thread(_walked, shelf, pool, key, place)


async def _foreigner(shelf: Shelf) -> tuple[str, Json]:
    """Somebody who may do everything in an organisation of their own: the key, and a backup that is theirs."""
    api, backup = shelf.api, await shelf.backup(dump_of(10), documents(2, 1000, seed=2))
    theirs = await customer(api)
    user = await new_user(api, theirs["organisation_id"])
    await give(api, f"/organisations/{theirs['organisation_id']}", user, *Scope)
    owner = {"organisation_id": theirs["organisation_id"]}
    assert (await api.client.put(f"/api/v1/apps/{backup['app_id']}/organisation", json=owner)).is_success
    return await let_in(api, user), backup


def _walked(shelf: Shelf, pool: Things, key: str, place: Json) -> Walk:
    document = schemathesis.openapi.from_url(f"{shelf.api.url}/openapi.json", config=OWN_KEY)
    found = [Operation(one.ok()) for one in document.get_all_operations() if isinstance(one, Ok)]
    closed = [one for one in found if not one.is_open]
    naming, other = [one for one in closed if one.used()], _made_up(pool)
    before = _looked(closed, pool, shelf.api.key)
    within = [(one, kept) for kept in (ENVIRONMENTS, BACKUPS) for one in naming if _is_torn(one, pool, kept)]
    return Walk(
        foreign={one.name: _seen(one, pool, key) for one in naming},
        made_up={one.name: _seen(one, other, key) for one in naming},
        within={f"{one.name} {len(kept)}": _seen(one, pool | _own(pool, place, kept), key) for one, kept in within},
        made_up_within={
            f"{one.name} {len(kept)}": _seen(one, other | _own(pool, place, kept), key) for one, kept in within
        },
        lists={one.name: one.answer(pool, key).text for one in closed if one.looks and not one.used()},
        before=before,
        after=_looked(closed, pool, shelf.api.key),
        own=_used(found, pool, shelf.api.key),
        pool=pool,
    )


def _looked(closed: Iterable[Operation], pool: Things, key: str) -> dict[str, bytes]:
    """All that an owner is shown."""
    return {one.name: one.answer(pool, key).content for one in closed if one.looks and one.name not in MOVING}


def _used(found: Iterable[Operation], pool: Things, key: str) -> dict[str, tuple[int, str]]:
    """First what only looks, last what makes an environment busy, or removes."""

    def harm(one: Operation) -> tuple[bool, bool, bool]:
        return not one.looks, one.described.method.upper() == "DELETE", one.name.startswith(("cancel", "undo"))

    answers = {one.name: one.answer(pool, key) for one in sorted(found, key=harm)}
    return {name: (answer.status_code, str(answer.content[:300])) for name, answer in answers.items()}


def _made_up(pool: Things) -> Things:
    """Things of which none is there."""
    ids = {name: str(uuid4()) for name, value in pool.items() if _is_id(value)}
    return pool | ids | {"key_id": token_hex(6), "dead_letter_id": "0-999999999", "app_name": f"app-{token_hex(4)}"}


def _own(pool: Things, place: Json, kept: Iterable[str]) -> Things:
    """Of those things the ones that lie where the foreigner may do everything."""
    known = place | {"project_id": place["app_id"], "snapshot_id": place["backup_id"]}
    return {name: known[kind] for name in pool for kind in kept if name.endswith(kind)}


def _is_torn(operation: Operation, pool: Things, kept: tuple[str, ...]) -> bool:
    """Whether it names both, what is the foreigner's own and what is not."""
    used = {name for name in operation.used() if len(pool[name]) > LONG}
    ours = {name for name in used if name.endswith(kept)}
    return bool(ours) and ours != used


def _seen(operation: Operation, things: Things, key: str) -> Seen:
    answer = operation.answer(things, key)
    text = answer.content.decode(errors="replace")
    for name, value in things.items():
        text = text.replace(value, name) if len(value) > LONG else text
    return Seen(answer.status_code, tuple(sorted(answer.headers)), text)


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _media_type(body: object) -> str:
    return "application/octet-stream" if isinstance(body, bytes) else "application/json"


def test_every_operation_does_what_it_is_for(walk: Walk) -> None:
    failed = {name: answer for name, answer in walk.own.items() if answer[0] >= 300}

    assert {name: answer for name, answer in failed.items() if name not in NOT_REACHED} == {}
    assert {name: status for name, (status, _) in failed.items()} == {name: one for name, (one, _) in NOT_REACHED.items()}


def test_what_is_a_foreigners_is_told_like_what_is_not_there(walk: Walk) -> None:
    assert walk.foreign == walk.made_up
    shown = {name for name, seen in walk.foreign.items() if seen.status not in (403, 404)}
    assert shown == EMPTY_LISTS
    assert len(walk.foreign) > 90


def test_what_is_a_foreigners_cannot_be_brought_into_what_is_ones_own(walk: Walk) -> None:
    assert walk.within == walk.made_up_within
    assert {name: seen for name, seen in walk.within.items() if seen.status < 400} == {}
    assert len(walk.within) > 15


def test_no_list_shows_a_foreigner_anything(walk: Walk) -> None:
    things = {name: value for name, value in walk.pool.items() if len(value) > LONG}
    told = {(name, thing) for name, text in walk.lists.items() for thing, value in things.items() if value in text}
    assert told == set()
    assert len(walk.lists) > 10


def test_no_foreigner_changes_anything(walk: Walk) -> None:
    assert walk.after == walk.before
    assert len(walk.before) > 40

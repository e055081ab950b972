"""A broker that stands still, or is gone for minutes: every call is answered, and nothing is lost or done twice.

Answers meanwhile: accepted and refused for what was decided before, else "not known yet" with the key to ask
again (architecture §2.7). A call that is not answered at all ends the test by the client's own timeout.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.states import BackupState, RestoreState
from services.gateway.resources import Backup
from tests.history.checks import findings
from tests.soak.engines import Engines
from tests.soak.witness import evidence_of
from tests.soak.world import World
from tests.support.dice import some_of
from tests.support.eventually import eventually

ROUNDS: Final = 4
ROUND_SECONDS: Final = {"frozen": 10, "gone": 35}
"""So long an answer is waited for, and all rounds are more than a session here (6 s), a request (10 s), a send (15 s),
a start (30 s), and a place at the broker's own controller (9 s). Where it is gone, they are minutes."""
LAG: Final = "Nightkeep-Read-Lag"


@dataclass(frozen=True)
class Asked:
    """A change under its key."""

    world: World
    method: str
    path: str
    body: object
    key: str

    async def answer(self) -> httpx.Response:
        """What is said to it now."""
        return await self.world.caller.say(self.method, self.path, self.key, self.body)

    async def known(self) -> httpx.Response:
        """What is said to it as soon as that is known and can be read."""

        async def look() -> httpx.Response | None:
            answer = await self.answer()
            return None if answer.status_code in {429, 503} or LAG in answer.headers else answer

        found = await eventually(look, within_seconds=120)
        assert found is not None
        return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", some_of(list(ROUND_SECONDS), 1))
async def test_calls_without_a_broker_are_answered_and_each_has_one_outcome(
    fragile: tuple[World, Engines], how: str
) -> None:
    world, engines = fragile
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))  # all wait at once, not one behind another
    made = await world.backed_up()
    wanted, unwanted = _backup(world, "production"), _change(world, "POST", "/api/v1/apps", name="Shop", slug="shop")
    accepted, refused = await wanted.known(), await unwanted.known()
    assert (accepted.status_code, refused.status_code) == (202, 409), refused.text

    asked: list[Asked] = []
    async with _without_broker(engines, how):
        for _ in range(ROUNDS):
            asked += _changes(world, made)
            unknown, (again, refused_again), *_ = await asyncio.gather(
                asyncio.gather(*(one.answer() for one in asked)),
                asyncio.gather(wanted.answer(), unwanted.answer()),
                _looks(world, made),
                asyncio.sleep(ROUND_SECONDS[how]),
            )
            _must_be_honest(asked, unknown)
            assert (again.status_code, _id(again)) == (202, _id(accepted))
            assert (refused_again.status_code, refused_again.json()) == (409, refused.json())

    answers = await asyncio.gather(*(one.known() for one in asked))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}, [answer.text for answer in answers]
    await _ended(
        world, [UUID(_id(one)) for one in answers if one.status_code == 202 and one.url.path.endswith("backups")]
    )
    await _restored(world, made, answers)
    repeated = await asyncio.gather(*(one.known() for one in asked))
    assert [_told(one) for one in repeated] == [_told(one) for one in answers]
    assert [name for name, one in world.platform.services.items() if one.process.poll() is not None] == []

    assert findings(await evidence_of(world)) == []


@asynccontextmanager
async def _without_broker(engines: Engines, how: str) -> AsyncIterator[None]:
    leave, come = {
        "frozen": (engines.kafka.freeze, engines.kafka.thaw),
        "gone": (engines.kafka.kill, engines.kafka.again),
    }[how]
    leave()
    try:
        yield
    finally:
        await asyncio.to_thread(come)


def _changes(world: World, made: Backup) -> list[Asked]:
    """One of each kind, under keys of their own."""
    acceptance, backup = world.environments["acceptance"], f"/api/v1/backups/{made.backup_id}"
    return [
        _backup(world, "production"),
        _backup(world, "shelf"),
        _change(world, "POST", f"/api/v1/environments/{acceptance}/restores", backup_id=str(made.backup_id)),
        _change(world, "PUT", f"{backup}/comment", comment=f"comment {uuid4()}"),
        _change(world, "PUT", f"{backup}/pin", reason="frozen"),
    ]


def _backup(world: World, name: str) -> Asked:
    return _change(world, "POST", f"/api/v1/environments/{world.environments[name]}/backups", comment="frozen")


def _change(world: World, method: str, path: str, **body: object) -> Asked:
    return Asked(world, method, path, body, str(uuid4()))


async def _looks(world: World, made: Backup) -> None:
    """Lists and polls are answered from the read model, and what is asked wrongly is refused, broker or not."""
    production, acceptance = (
        f"/api/v1/environments/{world.environments[name]}" for name in ("production", "acceptance")
    )
    there = ("/api/v1/status", production, f"{production}/backups", f"{acceptance}/restores")
    for path in (*there, f"/api/v1/backups/{made.backup_id}"):
        answer = await world.caller.say("GET", path)
        assert answer.status_code == 200, answer.text
    nowhere = await world.caller.say("POST", f"/api/v1/environments/{uuid4()}/backups", str(uuid4()), {})
    wrong = await world.caller.say("POST", f"{acceptance}/restores", str(uuid4()), {"backup_id": "none"})
    assert (nowhere.status_code, wrong.status_code) == (404, 400)


def _must_be_honest(asked: Sequence[Asked], unknown: Sequence[httpx.Response]) -> None:
    """Nobody has decided, so nobody says how: only with which key to ask again, and when."""
    for one, answer in zip(asked, unknown, strict=True):
        assert (answer.status_code, answer.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), answer.text
        assert answer.headers["idempotency-key"] == one.key
        assert int(answer.headers["retry-after"]) >= 1


def _id(answer: httpx.Response) -> str:
    """Of what an accepted call has made or changed."""
    told = answer.json()
    return str(told.get("restore_id") or told["backup_id"])


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, _id(answer) if answer.is_success else answer.text


async def _ended(world: World, backups: Sequence[UUID]) -> None:
    assert len(set(backups)) == 2 * ROUNDS  # each of its own, and none refused
    for backup_id in backups:
        ended = await world.caller.until(
            lambda one=backup_id: world.gateway.backup(one),  # type: ignore[misc]  # -- bound now
            lambda one: one.state in {BackupState.COMPLETED, BackupState.FAILED},
        )
        assert ended.state is BackupState.COMPLETED, ended.failure


async def _restored(world: World, made: Backup, answers: Sequence[httpx.Response]) -> None:
    """At least one was accepted, and did what it was asked to; another may have been refused beside it."""
    accepted = [UUID(_id(one)) for one in answers if one.is_success and one.url.path.endswith("restores")]
    assert accepted
    for restore_id in accepted:
        ended = await world.caller.until(
            lambda one=restore_id: world.gateway.restore(one),  # type: ignore[misc]  # -- bound now
            lambda one: one.state in {RestoreState.COMPLETED, RestoreState.FAILED},
        )
        assert ended.state is RestoreState.COMPLETED, ended.failure
    assert world.places["acceptance"].everything() == world.contents[made.backup_id]

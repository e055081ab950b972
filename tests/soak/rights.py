"""Work of whoever administers: people and what they may do, and how long backups are kept; see `tests.soak.works`."""

import secrets
from collections.abc import AsyncGenerator, Collection
from http.cookies import SimpleCookie
from typing import Final
from uuid import UUID

import httpx

from contracts.events.access import Place, PlaceKind
from contracts.retention import Policy, Window
from services.cli.access_calls import AccessPlace
from services.cli.client import Gateway
from services.cli.errors import UnauthorizedError
from services.cli.retention_calls import PolicyPlace
from services.gateway.domain.rights import Scope
from services.gateway.domain.sessions import COOKIE
from services.gateway.resources import NewPolicy
from tests.soak.world import World
from tests.support.eventually import eventually

LONGER: Final = Window(months=120)
"""Than the rule of before keeps anything: what shortens nothing has not to cool off."""
PASSPHRASE: Final = "correct horse"  # noqa: S105 -- of nobody
TOLD: Final = ("UserAdded", "InvitationAccepted", "KeyCreated", "AccessGranted", "AccessRevoked", "UserRemoved")


async def access(world: World) -> AsyncGenerator[None, None]:
    """Somebody is added and let in, may look at an environment, may no more, and is removed: each of it once."""
    yield
    user = await world.caller.change(world.gateway.add_user, f"walker {secrets.token_hex(4)}")
    let_in = await world.caller.change(world.gateway.accept_invitation, await _invited(world, user.user_id))
    with Gateway(world.platform.gateway_url, let_in.user, let_in.api_key) as theirs:
        await _give(world, user.user_id, {Scope.READ})
        assert await _seen(world, theirs) == ["shelf"]
        await _give(world, user.user_id, ())
        assert await _seen(world, theirs) == []
        await world.caller.change(world.gateway.remove_user, user.user_id)
        assert await _seen(world, theirs) is None
    for name in TOLD:
        await world.told_once(name, user.user_id)


async def signing_in(world: World) -> AsyncGenerator[None, None]:
    """Somebody gets a password, and signs in with it as a browser does; nobody else learns password or cookie."""
    yield
    name, password = f"browser {secrets.token_hex(4)}", f"{PASSPHRASE} {secrets.token_hex(8)}"
    world.typed.append(password)
    user = await world.caller.change(world.gateway.add_user, name)
    let_in = await world.caller.change(world.gateway.accept_invitation, await _invited(world, user.user_id))
    with Gateway(world.platform.gateway_url, let_in.user, let_in.api_key) as theirs:
        await world.caller.change(theirs.change_password, password)
    answer = await _signed_in(world, name, password)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    world.typed.append(SimpleCookie(answer.headers["set-cookie"])[COOKIE].value)
    wrong = await _signed_in(world, name, f"no {password}")
    assert wrong.status_code == httpx.codes.UNAUTHORIZED, wrong.text


async def _signed_in(world: World, name: str, password: str) -> httpx.Response:
    """The answer, once nothing that it needs is away."""

    async def asked() -> httpx.Response | None:
        answer = await world.caller.say("POST", "/api/v1/session", body={"user": name, "password": password})
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    answer = await eventually(asked)
    assert answer is not None
    return answer


async def policy(world: World) -> AsyncGenerator[None, None]:
    """Another rule for acceptance, which its backups follow once that is approved; then it has none of its own."""
    made = await world.backed_up("acceptance")
    place = PolicyPlace.of_environment(world.environments["acceptance"])
    yield
    longer = NewPolicy(policy=Policy(name="ten years", daily=LONGER), apply_to_existing=True)
    asked = await world.caller.change(world.gateway.change_policy, place, longer)
    assert asked.digest is not None
    await world.caller.change(world.gateway.approve_policy_change, asked.policy_change_id, asked.digest)
    await world.caller.until(
        lambda: world.gateway.policy_change(asked.policy_change_id), lambda one: one.application == "applied"
    )
    kept = await world.caller.look(lambda: world.gateway.backup(made.backup_id))
    assert kept.expires_at == LONGER.end(kept.created_at)
    await world.told_once("BackupExpiryChanged", made.backup_id)
    await world.told_once("PolicyChangeApplied", asked.policy_change_id)
    await world.caller.change(world.gateway.change_policy, place, NewPolicy(policy=None))


async def _invited(world: World, user_id: UUID) -> str:
    """A token; it is shown in a first answer alone, so whoever has lost that invites again."""
    token = None
    while token is None:
        token = (await world.caller.change(world.gateway.invite_user, user_id)).token
    return token


async def _give(world: World, user_id: UUID, rights: Collection[Scope]) -> None:
    shelf = AccessPlace(Place(kind=PlaceKind.ENVIRONMENT, id=world.environments["shelf"]), "shelf")
    given = await world.caller.change(world.gateway.give_access, shelf, user_id, rights)
    assert [one.rights for one in given if one.user_id == user_id] == [list(rights)] * bool(rights)


async def _seen(world: World, theirs: Gateway) -> list[str] | None:
    """The environments that there are for somebody; None where nobody knows who that is."""
    try:
        return [one.name for one in await world.caller.look(lambda: list(theirs.environments()))]
    except UnauthorizedError:
        return None

"""What callers did and what they were refused is on the log, also where they were only told that nothing is there."""

from typing import Any
from uuid import uuid4

from contracts.events.access import AccessRefused, Refused
from services.gateway.domain.rights import NOBODY, Scope
from tests.integration.gateway.test_people import (
    MISSING,
    as_user,
    customer,
    give,
    has,
    key_id,
    let_in,
    new_user,
    said,
    told,
)
from tests.support.gateway import Api


def refusals_in(bodies: list[Any]) -> list[Refused]:
    """What a user was refused."""
    return [one for body in bodies if isinstance(body, AccessRefused) for one in body.refusals]


async def test_rights_their_uses_and_refusals_are_on_the_log(api: Api) -> None:
    environment = await api.ready_environment()
    user = await new_user(api)
    await give(api, f"/environments/{environment['environment_id']}", user, Scope.CREATE)
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    async with as_user(api, user) as client:
        backup = (await client.post(place)).json()
        await said(api, user["user_id"], has("RightUsed"))
        refused = [(await client.get(place)).status_code for _ in range(3)]

    def met(bodies: list[Any]) -> int:
        return sum(one.count for one in refusals_in(bodies) if one.operation == "list_backups")

    bodies = await said(api, user["user_id"], lambda bodies: met(bodies) >= len(refused))
    assert refused == [403] * 3
    assert [type(one).__name__ for one in bodies][:6] == [
        "UserAdded", "AccessGranted", "UserInvited", "InvitationAccepted", "KeyCreated", "RightUsed"
    ]  # fmt: skip
    assert (bodies[5].operation, bodies[5].things) == (
        "create_backup",
        {"environment_id": environment["environment_id"]},
    )
    assert met(bodies) == 3
    assert backup["created_by"] == user["name"]


async def test_who_looks_for_what_others_have_is_on_the_log_and_still_told_that_it_is_not_there(api: Api) -> None:
    environment, stranger = await api.ready_environment(), await new_user(api, (await customer(api))["organisation_id"])
    place = f"environments/{environment['environment_id']}"
    async with as_user(api, stranger) as client:
        hidden = [
            await client.get(f"/api/v1/{place}"),
            await client.post(f"/api/v1/{place}/backups"),
            await client.get(f"/api/v2/apps/{environment['app_id']}/{place}/snapshots"),
        ]
        nothing = await client.get(f"/api/v1/environments/{uuid4()}/backups")

    def met(bodies: list[Any]) -> set[tuple[str, int]]:
        return {(one.operation, one.status) for one in refusals_in(bodies)}

    expected = {(name, 404) for name in ("show_environment", "create_backup", "list_snapshots")}
    bodies = await said(api, stranger["user_id"], lambda bodies: met(bodies) >= expected)
    assert [told(one) for one in (*hidden, nothing)] == [MISSING] * 4
    assert met(bodies) == expected
    assert not has("RightUsed")(bodies)


async def test_who_looks_for_users_and_keys_of_others_is_on_the_log(api: Api) -> None:
    stranger, other = await new_user(api, (await customer(api))["organisation_id"]), await new_user(api)
    others_key = await let_in(api, other)
    async with as_user(api, stranger) as client:
        answers = [
            await client.delete(f"/api/v1/users/{other['user_id']}"),
            await client.delete(f"/api/v1/keys/{key_id(others_key)}"),
        ]
    wanted = {("remove_user", 404), ("revoke_key", 404)}
    await said(
        api,
        stranger["user_id"],
        lambda bodies: wanted <= {(one.operation, one.status) for one in refusals_in(bodies)},
    )
    assert [one.status_code for one in answers] == [404, 404]


async def test_refusals_of_whom_nobody_knows_name_what_was_asked_for(api: Api) -> None:
    async with api.connect() as nobody:
        link = await nobody.get(f"/download/{uuid4()}/full.tar.gz?until=1&signature=x")
        invited = await nobody.post("/api/v1/invitations/accept", json={"token": "nonsense"})
        wrong = {"Authorization": "Bearer nonsense"}
        closed = await nobody.post(f"/api/v1/environments/{uuid4()}/backups", headers=wrong)
        script = await nobody.get(f"/api/v2/apps/{uuid4()}/environments/{uuid4()}/snapshots/", headers=wrong)
        nowhere = await nobody.get("/api/v1/nowhere", headers=wrong)
    unknown = {("create_backup", 401), ("list_snapshots", 401), ("", 401)}
    wanted = {("download_archive", 403), ("accept_invitation", 403)} | unknown
    await said(api, str(NOBODY), lambda bodies: wanted <= {(one.operation, one.status) for one in refusals_in(bodies)})
    assert [one.status_code for one in (link, invited, closed, script, nowhere)] == [403, 403, 401, 401, 401]

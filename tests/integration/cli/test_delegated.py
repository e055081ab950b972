"""`nightkeep` for whoever administers an organisation, an app or an environment, and not the platform."""

from secrets import token_hex
from typing import Any, NamedTuple

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.integration.cli.test_access import answered
from tests.support.gateway import Api, Json


class Person(NamedTuple):
    """A user, and how `nightkeep` runs as that user."""

    user: Json
    own: dict[str, str]

    @property
    def name(self) -> str:
        return str(self.user["name"])

    @property
    def user_id(self) -> str:
        return str(self.user["user_id"])


def person(nightkeep: Nightkeep, organisation: str, name: str = "user") -> Person:
    """Somebody new who has accepted an invitation."""
    added = answered(nightkeep, "user", "add", f"{name}-{token_hex(4)}", "--organisation", organisation)
    accepted = answered(nightkeep, "user", "accept", nightkeep_cli_invitation=added["invitation"]["token"])
    own = {"nightkeep_user": added["user"]["name"], "nightkeep_api_key": accepted["api_key"]}
    return Person(added["user"], own)


def customer(nightkeep: Nightkeep) -> Json:
    made: Json = answered(nightkeep, "organisation", "add", f"org-{token_hex(4)}")
    return made


def rights(access: list[Any]) -> dict[str, list[str]]:
    return {one["user"]: one["rights"] for one in access}


async def test_an_organisations_administrator_names_it_by_name_and_by_id(api: Api, nightkeep: Nightkeep) -> None:
    ours, theirs = customer(nightkeep), customer(nightkeep)
    boss, colleague = [person(nightkeep, ours["name"]) for _ in range(2)]
    assert nightkeep("access", "grant", boss.name, f"organisation:{ours['name']}", "admin").exit_code == Exit.OK
    for spelt in (ours["name"], ours["organisation_id"]):
        place = f"organisation:{spelt}"
        granted = answered(nightkeep, "access", "grant", colleague.name, place, "read", **boss.own)
        assert rights(granted) == {boss.name: ["admin"], colleague.name: ["read"]}
        assert answered(nightkeep, "access", "list", place, **boss.own) == granted
        assert rights(answered(nightkeep, "access", "revoke", colleague.name, place, **boss.own)) == {
            boss.name: ["admin"]
        }
        added = answered(nightkeep, "user", "add", f"user-{token_hex(4)}", "--organisation", spelt, **boss.own)
        assert added["user"]["organisation_id"] == ours["organisation_id"]
    assert answered(nightkeep, "organisation", "list", **boss.own) == [ours]
    hidden = [
        nightkeep("access", "list", f"organisation:{theirs[named]}", **boss.own)
        for named in ("name", "organisation_id")
    ]
    assert {one.exit_code for one in hidden} == {Exit.NOT_FOUND}, [one.output for one in hidden]


async def test_an_environments_administrator_gives_and_takes_rights_there(api: Api, nightkeep: Nightkeep) -> None:
    environment, ours = await api.ready_environment(), customer(nightkeep)
    boss, colleague = [person(nightkeep, ours["name"]) for _ in range(2)]
    for place in (environment["environment_id"], environment["app_id"]):
        assert nightkeep("access", "grant", boss.user_id, place, "admin").exit_code == Exit.OK
        granted = answered(nightkeep, "access", "grant", colleague.user_id, place, "read", "create", **boss.own)
        assert rights(granted) == {boss.name: ["admin"], colleague.name: ["create", "read"]}
        revoked = answered(nightkeep, "access", "revoke", colleague.name.upper(), place, "create", **boss.own)
        assert rights(revoked)[colleague.name] == ["read"]
        assert rights(answered(nightkeep, "access", "revoke", colleague.user_id, place, **boss.own)) == {
            boss.name: ["admin"]
        }
    elsewhere = (await api.ready_environment())["environment_id"]
    assert nightkeep("access", "list", elsewhere, **boss.own).exit_code == Exit.NOT_FOUND

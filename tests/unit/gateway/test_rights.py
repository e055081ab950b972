"""What a caller may at a place: what the person was granted there or further out, and no more than the key says."""

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from contracts.events.access import Place, PlaceKind
from services.gateway.adapters.permits import must_at
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import (
    ALL_SCOPES,
    PLATFORM,
    Caller,
    Grant,
    Scope,
    Thing,
    lineage_of,
)
from services.gateway.parts import Parts
from services.gateway.routes.calls import caller_with

ENVIRONMENT, OTHER, APP, ORGANISATION, CUSTOMER = (UUID(int=number) for number in range(1, 6))
HERE = lineage_of(environment_id=ENVIRONMENT, app_id=APP, organisation_id=ORGANISATION)
BESIDE = lineage_of(environment_id=OTHER, app_id=APP, organisation_id=ORGANISATION)
IN_APP = Place(kind=PlaceKind.APP, id=APP)
IN_ENVIRONMENT = Place(kind=PlaceKind.ENVIRONMENT, id=ENVIRONMENT)
IN_ORGANISATION = Place(kind=PlaceKind.ORGANISATION, id=ORGANISATION)


def caller(*grants: Grant, scopes: frozenset[Scope] = ALL_SCOPES, places: frozenset[Place] = frozenset()) -> Caller:
    return Caller("karla", "key", scopes, organisation_id=CUSTOMER, grants=frozenset(grants), places=places)


def test_a_right_holds_where_it_was_given_and_in_all_that_lies_within() -> None:
    for place in HERE:
        assert caller(Grant(place, Scope.READ)).may_at(Scope.READ, HERE)
    assert not caller(Grant(IN_ENVIRONMENT, Scope.READ)).may_at(Scope.READ, BESIDE)
    assert not caller(Grant(IN_ENVIRONMENT, Scope.READ)).may_at(Scope.READ, HERE[1:])


def test_a_refusal_names_the_right_that_is_lacked_and_the_kind_of_place() -> None:
    with pytest.raises(
        RefusalError, match="you lack the right 'restore' at this environment: ask an administrator for it"
    ):
        must_at(caller(), Scope.RESTORE, HERE)


def test_no_right_includes_another() -> None:
    for scope in Scope:
        able = caller(Grant(PLATFORM, scope))
        assert {one for one in Scope if able.may_at(one, HERE)} == {scope}


@given(st.frozensets(st.sampled_from(Scope)), st.frozensets(st.sampled_from(Scope)))
def test_a_key_never_does_more_than_its_owner_and_its_owner_never_more_than_the_key(
    of_person: frozenset[Scope], of_key: frozenset[Scope]
) -> None:
    able = caller(*(Grant(IN_APP, scope) for scope in of_person), scopes=of_key)
    assert {scope for scope in Scope if able.may_at(scope, HERE)} == of_person & of_key


@given(st.sets(st.sampled_from(HERE), min_size=1), st.sets(st.sampled_from((*HERE[:3], *BESIDE[:1])), min_size=1))
def test_a_key_with_places_works_only_there(granted: set[Place], places: set[Place]) -> None:
    able = caller(*(Grant(place, Scope.READ) for place in granted), places=frozenset(places))
    assert able.may_at(Scope.READ, HERE) == bool(places & set(HERE))
    assert able.may_at(Scope.READ, BESIDE) == bool(granted & set(BESIDE) and places & set(BESIDE))
    assert not able.may_everywhere(Scope.READ)


def test_what_belongs_to_strangers_is_not_known_of_and_what_is_ones_own_organisations_is() -> None:
    assert not caller().knows_of(HERE)
    assert caller(Grant(IN_APP, Scope.CREATE)).knows_of(HERE)
    assert caller().knows_of(lineage_of(app_id=APP, organisation_id=CUSTOMER))


def test_lists_reach_as_far_as_the_right_and_no_further_than_the_key() -> None:
    assert caller(Grant(PLATFORM, Scope.READ)).reach(Scope.READ) == (None, None)
    assert caller(Grant(PLATFORM, Scope.ADMIN)).reach(Scope.READ) == ([], None)
    able = caller(Grant(IN_APP, Scope.READ), Grant(IN_ORGANISATION, Scope.ADMIN), places=frozenset({IN_ENVIRONMENT}))
    assert able.reach(Scope.READ) == ([APP], [ENVIRONMENT])
    everywhere = caller(Grant(IN_APP, Scope.READ), places=frozenset({PLATFORM, IN_ENVIRONMENT}))
    assert everywhere.reach(Scope.READ) == ([APP], None)


class _Asked:
    """Stands where permits are looked for, and lets everybody through."""

    def __init__(self) -> None:
        self.of: list[tuple[Scope, Thing, UUID]] = []

    async def must(self, _caller: Caller, scope: Scope, thing: Thing, thing_id: UUID) -> None:
        self.of.append((scope, thing, thing_id))


@pytest.mark.parametrize(
    ("named", "thing", "place"),
    [
        ({"app_id": APP}, Thing.APP, APP),
        ({"app_id": APP, "environment_id": ENVIRONMENT}, Thing.ENVIRONMENT, ENVIRONMENT),
        ({"backup_id": OTHER, "environment_id": ENVIRONMENT}, Thing.ENVIRONMENT, ENVIRONMENT),
        ({"app_id": APP, "archive_id": OTHER}, Thing.ARCHIVE, OTHER),
        ({"organisation_id": ORGANISATION, "user_id": OTHER}, Thing.ORGANISATION, ORGANISATION),
    ],
)
async def test_the_place_nearest_to_what_an_address_names_decides(
    named: dict[str, UUID], thing: Thing, place: UUID
) -> None:
    asked = _Asked()
    others = {one.name: None for one in fields(Parts)}
    parts = Parts(**cast("dict[str, Any]", others | {"permits": asked}))
    application = SimpleNamespace(state=SimpleNamespace(parts=parts))
    addressed = {name: str(value) for name, value in named.items()}
    state = {"caller": caller()}
    await caller_with(Scope.READ)(
        Request({"type": "http", "app": application, "query_string": b"", "path_params": addressed, "state": state})
    )
    assert asked.of == [(Scope.READ, thing, place)]

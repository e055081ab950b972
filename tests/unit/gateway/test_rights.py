"""What a caller may at a place: what the person was granted there or further out, and no more than the key says."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.events.access import Place, PlaceKind
from services.gateway.domain.rights import (
    ALL_SCOPES,
    NEEDED_OF_SOURCE,
    PLACED_BY,
    PLATFORM,
    Caller,
    Grant,
    Scope,
    Thing,
    lineage_of,
)

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


def test_a_restore_needs_reading_of_what_it_brings_in() -> None:
    assert (
        dict.fromkeys(("create_restore", "create_preflight", "create_snapshot_restore"), Scope.READ) == NEEDED_OF_SOURCE
    )


def test_the_place_nearest_to_what_an_address_names_decides() -> None:
    order = list(PLACED_BY.values())
    assert order.index(Thing.ENVIRONMENT) < order.index(Thing.BACKUP) < order.index(Thing.APP)
    assert set(order) == set(Thing)

"""Whether a caller may do something at a place; what is not to be known of is told as not there."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from contracts.errors import RejectionCode
from contracts.events.access import Place
from contracts.streams import stream
from services.gateway.adapters.keystore import grants_of
from services.gateway.adapters.people import no_user
from services.gateway.adapters.tide import Accepted, Tide
from services.gateway.domain.refusals import NotFoundError, RefusalError
from services.gateway.domain.rights import (
    ALL_SCOPES,
    MISSING,
    OPERATOR,
    PLATFORM,
    Caller,
    Lineage,
    Scope,
    Thing,
    lineage_of,
)
from services.platform.database import Database, load_queries

_sql = load_queries("services.gateway")
_AFTER_WRITES: Final = frozenset({
    Thing.APP, Thing.ENVIRONMENT, Thing.BACKUP, Thing.RESTORE, Thing.PREFLIGHT, Thing.UPLOAD, Thing.POLICY_CHANGE,
})  # fmt: skip
"""What may have been made a moment ago by somebody who knows its id already."""


class Permits:
    """Looks where things lie."""

    def __init__(self, database: Database, tide: Tide) -> None:
        self._database = database
        self._tide = tide

    async def must(self, caller: Caller, scope: Scope, thing: Thing, thing_id: UUID) -> None:
        """Returns when the caller has this right at the thing. Raises NotFoundError and RefusalError (403).

        Whoever has it everywhere is let through to what is not there, too: what follows tells of it. What was accepted
        and cannot be read yet is told to who may know of it as that (NotKnownYetError), and never as missing.
        """
        everywhere = caller.may_everywhere(scope)
        if everywhere and thing not in _AFTER_WRITES:
            return
        lineage = await self._lineage(caller, thing, thing_id)
        if everywhere:
            return
        if lineage is None or not caller.knows_of(lineage):
            raise _missing(thing, hides=lineage is not None)
        must_at(caller, scope, lineage)

    async def must_administer_all_of(self, caller: Caller, user_id: UUID) -> None:
        """Returns when the caller administers every place where the user has rights. Raises RefusalError (403).

        Whoever lets somebody in, or shuts somebody out, decides over all that this user may.
        """
        if not await self._administers_all_of(caller, user_id):
            raise no_access(f"this user has rights where you lack the right '{Scope.ADMIN}': ask who has it there")

    async def must_still_administer_all_of(self, inviter_id: UUID, user_id: UUID) -> None:
        """The same of whoever invited the user, who may have got rights elsewhere meanwhile; as the person may now."""
        async with self._database.look() as c:
            inviter = Caller("", "", ALL_SCOPES, user_id=inviter_id, grants=await grants_of(c, inviter_id))
        if not await self._administers_all_of(inviter, user_id):
            raise no_access(
                "who invited this user does not administer all rights that it has by now: ask for another invitation"
            )

    async def _administers_all_of(self, caller: Caller, user_id: UUID) -> bool:
        if user_id == caller.user_id:
            return True
        async with self._database.look() as c:
            places = {grant.place for grant in await grants_of(c, user_id)}
        lineages = [await self._lineage_of(place) for place in places]
        return all(caller.may_at(Scope.ADMIN, lineage) for lineage in lineages)

    async def must_know_of(self, caller: Caller, user_id: UUID, place: Place) -> None:
        """Returns when the user is of the caller's organisation or of the place's, or has rights there already.

        Raises NotFoundError: who gives rights by an id is not told whose it is elsewhere.
        """
        lineage = await self._lineage_of(place)
        async with self._database.look() as c:
            user = await _sql.user(c, user_id=user_id)
            has_rights = await _sql.access_of(c, user_id=user_id, kind=place.kind, place_id=place.id) is not None
        if user is None:
            raise no_user()
        home = lineage_of(organisation_id=user["organisation_id"])
        if not (caller.knows_of(home) or home[0] in lineage or has_rights):
            raise no_user(hides=True)

    async def keeps_within(self, caller: Caller, places: Collection[Place]) -> bool:
        """Whether a key that is kept to `places`, or of no places to none, works only where the caller's key does."""
        if not caller.places:
            return True
        return bool(places) and all([await self._is_within(caller, place) for place in places])

    async def _is_within(self, caller: Caller, place: Place) -> bool:
        """Whether the caller's key works at a place; of one that is not to be known of, only where it names it."""
        if place in caller.places or PLATFORM in caller.places:
            return True
        lineage = None if place == PLATFORM else await self._lineage(caller, Thing(place.kind), place.id)
        return lineage is not None and caller.knows_of(lineage) and not caller.places.isdisjoint(lineage)

    async def _lineage_of(self, place: Place) -> Lineage:
        found = None if place == PLATFORM else await self._look(Thing(place.kind), place.id)
        return found or (place, PLATFORM)

    async def _lineage(self, caller: Caller, thing: Thing, thing_id: UUID) -> Lineage | None:
        found = await self._look(thing, thing_id)
        if found is None and thing in _AFTER_WRITES:
            await self._arrived(caller, thing, thing_id)
            found = await self._look(thing, thing_id)
        return found

    async def _arrived(self, caller: Caller, thing: Thing, thing_id: UUID) -> None:
        """Returns when what was accepted about it can be read. Raises NotKnownYetError."""
        accepted = await self._tide.accepted(stream("catalog", thing, thing_id))
        if accepted is None or await self._tide.reach(accepted.mark) is None:
            return
        if caller.knows_of(await self._around(thing, thing_id, accepted)):
            await self._tide.must_reach(accepted.mark)

    async def _around(self, thing: Thing, thing_id: UUID, accepted: Accepted) -> Lineage:
        """Where something lies that cannot be read yet; of what lies in nothing that can, the platform."""
        if thing is Thing.APP:
            return await self._look("new_app", thing_id) or (PLATFORM,)
        for around, around_id in ((Thing.ENVIRONMENT, accepted.environment_id), (Thing.APP, accepted.app_id)):
            if around_id is not None and (found := await self._look(around, around_id)):
                return found
        return (PLATFORM,)

    async def _look(self, thing: str, thing_id: UUID) -> Lineage | None:
        query: Any = getattr(_sql, f"place_of_{thing}")
        async with self._database.look() as c:
            row = await query(c, thing_id=thing_id, operator=OPERATOR)
        return None if row is None else lineage_of(**dict(row))


def must_at(caller: Caller, scope: Scope, lineage: Lineage) -> None:
    """Raises RefusalError (403) unless the caller has this right at the place that `lineage` begins with."""
    if not caller.may_at(scope, lineage):
        raise no_access(f"you lack the right '{scope}' at this {lineage[0].kind}: ask an administrator for it")


def must_everywhere(caller: Caller, scope: Scope) -> None:
    """The same for the whole platform."""
    must_at(caller, scope, (PLATFORM,))


def must_be_whole(caller: Caller) -> None:
    """Raises RefusalError (403) for a key that may less than its owner, which would come out of this with more."""
    if not caller.is_whole:
        raise no_access("this key is kept to some scopes or places: sign in, or use a key that is kept to none")


def no_access(message: str) -> RefusalError:
    """The refusal of somebody who is known, and may not."""
    return RefusalError(403, "NO_ACCESS", message)


def _missing(thing: Thing, *, hides: bool) -> NotFoundError:
    code = MISSING.get(thing, RejectionCode.NOT_FOUND)
    return NotFoundError(code, f"there is no {thing.replace('_', ' ')} with this id", hides=hides)

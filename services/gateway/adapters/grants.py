"""Who may do what at a place: given, looked at, taken back."""

from uuid import UUID

from contracts.errors import RejectionCode
from contracts.events.access import AccessGranted, AccessRevoked, Place
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.asked import is_repeat, note
from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.people import last_admin, no_user
from services.gateway.domain.refusals import rejection
from services.gateway.domain.rights import PLATFORM, Scope
from services.gateway.resources import Access, AccessList
from services.platform.database import Connection, Database, Record, load_queries
from services.platform.process.clock import Clock
from services.platform.process.seams import Seam

_sql = load_queries("services.gateway")


class Grants:
    """Rights of users at places."""

    def __init__(self, database: Database, stream: AccessStream, authenticator: Authenticator, clock: Clock) -> None:
        self._database = database
        self._stream = stream
        self._authenticator = authenticator
        self._clock = clock

    async def at(self, place: Place) -> AccessList:
        """Who has rights given at this very place, by name."""
        async with self._database.transaction() as c:
            rows = _sql.access_at(c, kind=place.kind, place_id=place.id)
            return AccessList(access=[_shown(row) async for row in rows])

    async def give(
        self,
        intent: Intent,
        user_id: UUID,
        place: Place,
        rights: frozenset[Scope],
        *,
        instead_of: frozenset[Scope] | None = None,
    ) -> AccessList:
        """These are the user's rights at this place from now on, none takes them back; who has rights there then.

        A late repeat does nothing: somebody may have decided otherwise since. Raises NotFoundError, and RefusalError
        where nobody would be left to administer the platform, and for other rights than `instead_of`.
        """
        async with self._database.transaction(Seam.ACCESS) as c:
            await _sql.lock_people(c)
            asked = ("rights", user_id, place.kind, place.id, *sorted(rights))
            if not await is_repeat(c, intent, *asked):
                await self._give(c, intent, user_id, place, rights, instead_of)
                await note(c, intent, *asked)
        self._authenticator.forget()
        return await self.at(place)

    async def _give(  # noqa: PLR0913, PLR0917 -- who gives whom what, where, and what was seen there
        self,
        c: Connection,
        intent: Intent,
        user_id: UUID,
        place: Place,
        rights: frozenset[Scope],
        instead_of: frozenset[Scope] | None,
    ) -> None:
        if await _sql.user(c, user_id=user_id) is None:
            raise no_user()
        before = await _rights(c, user_id, place)
        _must_be(before, instead_of)
        if rights != before:
            await _keep_an_admin(c, user_id, place, before - rights)
            body = await self._kept(c, intent, user_id, place, rights)
            await self._stream.say(c, user_id, [(body, intent.cause)], now=self._clock.now())

    async def _kept(
        self, c: Connection, intent: Intent, user_id: UUID, place: Place, rights: frozenset[Scope]
    ) -> AccessGranted | AccessRevoked:
        now, where = self._clock.now(), {"user_id": user_id, "kind": place.kind, "place_id": place.id}
        if not rights:
            await _sql.revoke(c, **where)
            return AccessRevoked(user_id=user_id, place=place, revoked_at=now)
        await _sql.grant(c, **where, rights=sorted(rights), now=now, granted_by=intent.caller.user)
        return AccessGranted.model_validate(
            {"user_id": user_id, "place": place, "rights": sorted(rights), "granted_at": now}
        )


async def _rights(c: Connection, user_id: UUID, place: Place) -> frozenset[Scope]:
    row = await _sql.access_of(c, user_id=user_id, kind=place.kind, place_id=place.id)
    return frozenset() if row is None else frozenset(Scope(right) for right in row["rights"])


def _must_be(rights: frozenset[Scope], expected: frozenset[Scope] | None) -> None:
    """Who adds to what it has seen does not take back what somebody else has given meanwhile."""
    if expected not in {None, rights}:
        there = ", ".join(sorted(rights)) or "none"
        raise rejection(
            RejectionCode.INVALID_STATE,
            f"the rights of this user are others by now ({there}): look again",
            "instead_of",
        )


async def _keep_an_admin(c: Connection, user_id: UUID, place: Place, lost: frozenset[Scope]) -> None:
    if place == PLATFORM and Scope.ADMIN in lost and not await _sql.has_another_admin(c, user_id=user_id):
        raise last_admin()


def _shown(row: Record) -> Access:
    place = Place(kind=row["kind"], id=row["place_id"])
    return Access.model_validate({**dict(row), "place": place})

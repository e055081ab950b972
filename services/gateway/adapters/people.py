"""Organisations and users: added, invited, removed."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from contracts.defaults import INVITATION_DAYS
from contracts.errors import RejectionCode
from contracts.events.access import (
    AccessRevoked,
    AppHandedOver,
    InvitationAccepted,
    OrganisationAdded,
    Place,
    UserAdded,
    UserInvited,
    UserRemoved,
)
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.archives import postgres_time
from services.gateway.adapters.asked import is_repeat, note
from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keystore import add_key, hash_to_keep, random_key
from services.gateway.adapters.pages import page
from services.gateway.domain.keys import KEY_ID_BYTES, ApiKey, first_key, parse_invitation
from services.gateway.domain.paging import Spelling
from services.gateway.domain.refusals import NotFoundError, RefusalError, key_reused, rejection
from services.gateway.domain.rights import ALL_SCOPES, NOBODY, OPERATOR
from services.gateway.resources import (
    AcceptedInvitation,
    Invitation,
    NewUser,
    Organisation,
    OrganisationPage,
    User,
    UserPage,
)
from services.platform.database import Connection, Database, Record, load_queries
from services.platform.process.clock import Clock
from services.platform.process.seams import Seam

_sql = load_queries("services.gateway")

FIRST_KEY: Final = "made when the invitation was accepted"
REPEAT_SECONDS: Final = 15 * 60
"""How long a lost first key can be had again; whoever is later asks for another invitation."""


class Invited(NamedTuple):
    """A living invitation that somebody has shown: its token, whom it lets in, who invited."""

    token: ApiKey
    user_id: UUID
    by: UUID


class People:
    """Who there is. First keys follow from `secret`, which nobody but the gateway knows."""

    def __init__(  # noqa: PLR0913, PLR0917 -- where people are kept, what is said of them, and how secrets are made
        self,
        database: Database,
        stream: AccessStream,
        authenticator: Authenticator,
        clock: Clock,
        hashing: Hashing,
        secret: bytes,
    ) -> None:
        self._database = database
        self._stream = stream
        self._authenticator = authenticator
        self._clock = clock
        self._hashing = hashing
        self._secret = secret

    async def add_organisation(self, intent: Intent, name: str) -> Organisation:
        """One more customer; the same intent again gets the same answer. Raises RefusalError."""
        organisation_id, now = intent.created_id("organisation"), self._clock.now()
        async with self._database.transaction(Seam.ACCESS) as c:
            if await _sql.add_organisation(c, organisation_id=organisation_id, name=name, now=now):
                body = OrganisationAdded(organisation_id=organisation_id, name=name, added_at=now)
                await self._stream.say(c, organisation_id, [(body, intent.cause)], now=now)
            kept = await _sql.organisation(c, organisation_id=organisation_id)
        if kept is None:
            raise _taken("an organisation", name)
        if kept["name"] != name:
            raise key_reused()
        return Organisation.model_validate(dict(kept))

    async def organisations(self, among: list[UUID] | None, *, after: Spelling | None, limit: int) -> OrganisationPage:
        """These by name; None: all of them."""
        rows, on = await page(self._database, _sql.organisations, limit, after, among=among)
        return OrganisationPage(organisations=[Organisation.model_validate(dict(row)) for row in rows], next=on)

    async def own_app(self, intent: Intent, app_id: UUID, organisation_id: UUID) -> None:
        """A registered app belongs to this organisation, unless it belongs to one already."""
        now = self._clock.now()
        async with self._database.transaction(Seam.ACCESS) as c:
            if await _sql.own_app(c, app_id=app_id, organisation_id=organisation_id):
                body = AppHandedOver(app_id=app_id, organisation_id=organisation_id, handed_over_at=now)
                await self._stream.say(c, organisation_id, [(body, intent.cause)], now=now)

    async def hand_over(self, intent: Intent, app_id: UUID, organisation_id: UUID) -> None:
        """An app belongs to another organisation from now on, and users of the one before have no rights in it.

        A late repeat does nothing. Raises NotFoundError.
        """
        now, asked = self._clock.now(), ("hand over", app_id, organisation_id)
        async with self._database.transaction(Seam.ACCESS) as c:
            await _sql.lock_people(c)
            if await is_repeat(c, intent, *asked):
                return
            await _must_be_there(c, organisation_id)
            await self._revoke_in(c, intent, app_id, organisation_id)
            await _sql.hand_over_app(c, app_id=app_id, organisation_id=organisation_id)
            body = AppHandedOver(app_id=app_id, organisation_id=organisation_id, handed_over_at=now)
            await self._stream.say(c, organisation_id, [(body, intent.cause)], now=now)
            await note(c, intent, *asked)
        self._authenticator.forget()

    async def _revoke_in(self, c: Connection, intent: Intent, app_id: UUID, organisation_id: UUID) -> None:
        """Keys stay kept to what they are kept to: without the last of its places, one would work everywhere."""
        now = self._clock.now()
        rows = _sql.revoke_in_app(c, app_id=app_id, organisation_id=organisation_id, operator=OPERATOR)
        for row in sorted([row async for row in rows], key=lambda row: row["user_id"]):
            place = Place(kind=row["kind"], id=row["id"])
            body = AccessRevoked(user_id=row["user_id"], place=place, revoked_at=now)
            await self._stream.say(c, row["user_id"], [(body, intent.cause)], now=now)

    async def add_user(self, intent: Intent, asked: NewUser) -> User:
        """Somebody who may be given rights; the same intent again gets the same answer. Raises RefusalError."""
        user_id, now = intent.created_id("user"), self._clock.now()
        organisation_id = asked.organisation_id or intent.caller.organisation_id
        async with self._database.transaction(Seam.ACCESS) as c:
            await _must_be_there(c, organisation_id)
            if await _sql.add_user(c, user_id=user_id, name=asked.name, organisation_id=organisation_id, now=now):
                body = UserAdded(user_id=user_id, name=asked.name, organisation_id=organisation_id, added_at=now)
                await self._stream.say(c, user_id, [(body, intent.cause)], now=now)
            kept = await _sql.user(c, user_id=user_id)
        if kept is None:
            raise _taken("a user", asked.name)
        if (kept["name"], kept["organisation_id"]) != (asked.name, organisation_id):
            raise key_reused()
        return User.model_validate(dict(kept))

    async def user(self, user_id: UUID) -> User:
        """One user. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _sql.user(c, user_id=user_id)
        if row is None:
            raise no_user()
        return User.model_validate(dict(row))

    async def users(
        self, *, name: str | None, organisation_id: UUID | None, after: Spelling | None, limit: int
    ) -> UserPage:
        """Users by name, all or those of an organisation; with `name` whose it is, without regard to case."""
        rows, on = await page(self._database, _sql.users, limit, after, name=name, organisation_id=organisation_id)
        return UserPage(users=[User.model_validate(dict(row)) for row in rows], next=on)

    async def remove_user(self, intent: Intent, user_id: UUID) -> None:
        """Take all keys and rights of a user; again is harmless. Raises RefusalError for the last administrator."""
        now, asked = self._clock.now(), ("remove user", user_id)
        async with self._database.transaction(Seam.ACCESS) as c:
            await _sql.lock_people(c)
            if await is_repeat(c, intent, *asked):
                return
            if not await _sql.has_another_admin(c, user_id=user_id):
                raise last_admin()
            name = await _sql.remove_user(c, user_id=user_id, now=now)
            if name is not None:
                body = UserRemoved(user_id=user_id, name=name, removed_at=now)
                await self._stream.say(c, user_id, [(body, intent.cause)], now=now)
            await note(c, intent, *asked)
        self._authenticator.forget()

    async def invite(self, intent: Intent, user_id: UUID) -> Invitation:
        """A token by which a user becomes able to sign in; an earlier one works no more.

        Asked again with the same intent it is as it was, and not shown again. Raises RefusalError and NotFoundError.
        """
        token = ApiKey(intent.created_id("invitation").hex[: 2 * KEY_ID_BYTES], random_key().secret)
        now = self._clock.now()
        ends_at = await postgres_time(self._database) + timedelta(days=INVITATION_DAYS)
        async with self._database.transaction(Seam.ACCESS) as c:
            if await _sql.user(c, user_id=user_id) is None:
                raise no_user()
            await _sql.lock_stream(c, stream=token.key_id)
            known = await _sql.invitation(c, invitation_id=token.key_id)
            if known is not None:
                return _invited_before(known, user_id)
            await _sql.withdraw_invitations(c, user_id=user_id)
            await _sql.invite(
                c,
                invitation_id=token.key_id,
                user_id=user_id,
                hash=hash_to_keep(token.secret),
                ends_at=ends_at,
                invited_by=intent.caller.user_id,
            )
            body = UserInvited(user_id=user_id, invitation_id=token.key_id, ends_at=ends_at)
            await self._stream.say(c, user_id, [(body, intent.cause)], now=now)
        return Invitation(user_id=user_id, token=token.invitation_text(), ends_at=ends_at)

    async def invited(self, shown: str) -> Invited:
        """The invitation whose token this is. Raises RefusalError for what is no living one."""
        token = parse_invitation(shown)
        if token is None:
            raise _no_invitation()
        async with self._database.transaction() as c:
            row = await _sql.find_invitation(c, invitation_id=token.key_id, repeat_seconds=REPEAT_SECONDS)
        if row is None or not await self._hashing.opens(row["hash"], token.secret):
            raise _no_invitation()
        return Invited(token, row["user_id"], row["invited_by"] or NOBODY)

    async def accept(self, invited: Invited, idempotency_key: str) -> AcceptedInvitation:
        """The first key of whoever was invited, once. Raises RefusalError where another one came first.

        Under the same idempotency key it is shown again for a while, as long as it was never used.
        """
        token, user_id = invited.token, invited.user_id
        key = first_key(token, idempotency_key, self._secret)
        if not await self._accepted(token, user_id, key) and not await self._is_unused(user_id, key):
            raise _no_invitation()
        return AcceptedInvitation(user=(await self.user(user_id)).name, api_key=key.text())

    async def _accepted(self, token: ApiKey, user_id: UUID, key: ApiKey) -> bool:
        """False where it was accepted already; when, PostgreSQL says, as it says when invitations end."""
        async with self._database.transaction(Seam.ACCESS) as c:
            now: datetime | None = await _sql.accept_invitation(c, invitation_id=token.key_id)
            if now is None:
                return False
            accepted = InvitationAccepted(user_id=user_id, invitation_id=token.key_id, accepted_at=now)
            created = await add_key(c, user_id, key, ALL_SCOPES, now=now, name=FIRST_KEY)
            await self._stream.say_unasked(c, user_id, [accepted, created], now=now)
        return True

    async def _is_unused(self, user_id: UUID, key: ApiKey) -> bool:
        async with self._database.transaction() as c:
            kept = await _sql.hash_of_unused_key(c, key_id=key.key_id, user_id=user_id)
        return kept is not None and await self._hashing.opens(kept, key.secret)


def _invited_before(known: Record, user_id: UUID) -> Invitation:
    if known["user_id"] != user_id:
        raise key_reused()
    return Invitation(user_id=user_id, ends_at=known["ends_at"])


async def _must_be_there(c: Connection, organisation_id: UUID) -> None:
    if await _sql.organisation(c, organisation_id=organisation_id) is None:
        raise NotFoundError(RejectionCode.NOT_FOUND, "there is no organisation with this id")


def no_user(*, hides: bool = False) -> NotFoundError:
    """The refusal of a user who is not there, or not for the caller to know of."""
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no user with this id", hides=hides)


def last_admin() -> RefusalError:
    """The refusal of what would leave nobody who may do everything."""
    return rejection(RejectionCode.NOT_ALLOWED, "this is the last administrator of the platform: make another first",
                     None)  # fmt: skip


def _taken(what: str, name: str) -> RefusalError:
    return rejection(RejectionCode.ALREADY_EXISTS, f"there is or was {what} named {name!r} already", "name")


def _no_invitation() -> RefusalError:
    return RefusalError(403, "NO_ACCESS", "this invitation was not made here, was used, or is over: ask for another")

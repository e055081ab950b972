"""`/api/v1/organisations`, `/users` and `/invitations`: who there is. Organisations administer their own users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.values import Text
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.people import no_user
from services.gateway.adapters.permits import must_at, must_be_whole
from services.gateway.domain.paging import to_spelling
from services.gateway.domain.rights import Caller, Scope, lineage_of
from services.gateway.parts import Parts
from services.gateway.resources import (
    AcceptedInvitation,
    Invitation,
    KeyList,
    NewOrganisation,
    NewOwner,
    NewUser,
    Organisation,
    OrganisationPage,
    PageSize,
    ShownInvitation,
    User,
    UserPage,
)
from services.gateway.routes.calls import (
    DESCRIBED,
    PartsOf,
    caller_anywhere_with,
    intent_anywhere_with,
    intent_with,
    repeat_key,
)

router = APIRouter(prefix="/api/v1", tags=["users"], dependencies=[*DESCRIBED])
open_router = APIRouter(prefix="/api/v1", tags=["open"])
"""Without a key: what is sent is the secret."""

OnPlatform = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
Somewhere = Annotated[Intent, Depends(intent_anywhere_with(Scope.ADMIN))]
Looking = Annotated[Caller, Depends(caller_anywhere_with(Scope.ADMIN))]


@router.get("/organisations")
async def list_organisations(
    parts: PartsOf, caller: Looking, after: str | None = None, limit: PageSize = 100
) -> OrganisationPage:
    """The caller's organisation and those with rights of the caller's, by name; all for who administers the platform.

    Not those where a key is kept to something else.
    """
    return await parts.people.organisations(caller.organisations(), after=to_spelling(after), limit=limit)


@router.post("/organisations", status_code=201)
async def add_organisation(asked: NewOrganisation, parts: PartsOf, intent: OnPlatform) -> Organisation:
    """One more customer. What belongs to one organisation is not known to exist in another."""
    return await parts.people.add_organisation(intent, asked.name)


@router.put("/apps/{app_id}/organisation", status_code=204)
async def hand_over_app(app_id: UUID, asked: NewOwner, parts: PartsOf, intent: OnPlatform) -> None:
    """Give an app to another organisation: for administrators of the platform."""
    await parts.read_model.app(app_id)
    await parts.people.hand_over(intent, app_id, asked.organisation_id)


@router.get("/users")
async def list_users(
    parts: PartsOf, caller: Looking, name: Text | None = None, after: str | None = None, limit: PageSize = 100
) -> UserPage:
    """Users by name: those of the caller's organisation, for administrators of the platform all."""
    place = to_spelling(after)
    if caller.may_everywhere(Scope.ADMIN):
        return await parts.people.users(name=name, organisation_id=None, after=place, limit=limit)
    _must_administer(caller, caller.organisation_id)
    return await parts.people.users(name=name, organisation_id=caller.organisation_id, after=place, limit=limit)


@router.post("/users", status_code=201)
async def add_user(asked: NewUser, parts: PartsOf, intent: Somewhere) -> User:
    """Somebody who may be given rights; an invitation lets that person in."""
    _must_administer(intent.caller, asked.organisation_id or intent.caller.organisation_id)
    return await parts.people.add_user(intent, asked)


@router.get("/users/{user_id}")
async def show_user(user_id: UUID, parts: PartsOf, caller: Looking) -> User:
    """One user."""
    return await _administered(parts, caller, user_id)


@router.get("/users/{user_id}/keys")
async def list_keys_of_user(user_id: UUID, parts: PartsOf, caller: Looking) -> KeyList:
    """A user's keys, newest first, and when each was last used: for whoever may revoke them."""
    await _governed(parts, caller, user_id)
    return await parts.keys.of(user_id)


@router.delete("/users/{user_id}", status_code=204)
async def remove_user(user_id: UUID, parts: PartsOf, intent: Somewhere) -> None:
    """Take all keys and rights of a user. The name stays taken, so that it is never somebody else's on the log.

    Nobody removes oneself with a key that is kept to less than its owner may.
    """
    if user_id == intent.caller.user_id:
        must_be_whole(intent.caller)
    if not await parts.asked.is_kept(intent):  # who was removed is not found again
        await _governed(parts, intent.caller, user_id)
    await parts.people.remove_user(intent, user_id)


@router.post("/users/{user_id}/invitations", status_code=201)
async def invite_user(user_id: UUID, parts: PartsOf, intent: Somewhere) -> Invitation:
    """A token that lets this user in, once, within a week; an earlier one works no more."""
    must_be_whole(intent.caller)
    await _governed(parts, intent.caller, user_id)
    return await parts.people.invite(intent, user_id)


@open_router.post("/invitations/accept", status_code=201)
async def accept_invitation(
    asked: ShownInvitation, parts: PartsOf, idempotency_key: Annotated[str, Depends(repeat_key)]
) -> AcceptedInvitation:
    """Show an invitation's token, for the user's first key. Needs no key.

    Refused where the user has got rights meanwhile which whoever invited does not administer: ask for another one.

    Choose an Idempotency-Key that nobody guesses, a UUID: with it and the token the first key is shown again for a
    quarter of an hour, as long as it was never used.
    """
    invited = await parts.people.invited(asked.token)
    await parts.permits.must_still_administer_all_of(invited.by, invited.user_id)
    return await parts.people.accept(invited, idempotency_key)


async def _administered(parts: Parts, caller: Caller, user_id: UUID) -> User:
    """A user of an organisation that the caller administers. Raises NotFoundError for all others."""
    user = await parts.people.user(user_id)
    if not caller.may_at(Scope.ADMIN, lineage_of(organisation_id=user.organisation_id)):
        raise no_user(hides=True)
    return user


async def _governed(parts: Parts, caller: Caller, user_id: UUID) -> None:
    """The same, and the caller administers all places where the user has rights. Raises RefusalError (403) besides."""
    await _administered(parts, caller, user_id)
    await parts.permits.must_administer_all_of(caller, user_id)


def _must_administer(caller: Caller, organisation_id: UUID) -> None:
    must_at(caller, Scope.ADMIN, lineage_of(organisation_id=organisation_id))

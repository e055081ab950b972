"""`/api/v1/keys`: the caller's own API keys. A key makes none that may more than itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.keys import missing
from services.gateway.adapters.permits import must_be_whole, no_access
from services.gateway.domain.rights import Caller, Scope, lineage_of
from services.gateway.parts import Parts
from services.gateway.resources import CreatedKey, Key, KeyList, NewKey
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with, intent_anywhere_with

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], dependencies=[*DESCRIBED])

KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
Own = Annotated[Intent, Depends(intent_anywhere_with(Scope.ADMIN))]


@router.get("")
async def list_keys(parts: PartsOf, caller: Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))]) -> KeyList:
    """The caller's keys, newest first, and when each was last used; revoked ones are not shown."""
    return await parts.keys.of(caller.user_id)


@router.post("", status_code=201)
async def create_key(asked: NewKey, parts: PartsOf, intent: Own) -> CreatedKey:
    """One more key of the caller's, with some of the scopes of the key that asks. This answer alone shows it.

    A key that is kept to places makes keys for these, and for what lies within them.
    """
    if not await parts.permits.keeps_within(intent.caller, asked.places):
        raise no_access("a key makes no key that works at more places than itself")
    return await parts.keys.create(intent, asked)


@router.delete("/{key_id}", status_code=204)
async def revoke_key(key_id: KeyId, parts: PartsOf, intent: Own) -> None:
    """It opens nothing any more: a key of the caller's, or of a user whom the caller administers.

    A key that is kept to some scopes or places revokes itself, and of its owner's others those that may no more.
    """
    await _must_govern(parts, intent.caller, await parts.keys.find(key_id))
    await parts.keys.revoke(intent, key_id)


async def _must_govern(parts: Parts, caller: Caller, key: Key) -> None:
    if key.user_id == caller.user_id:
        await _must_may_as_much(parts, caller, key)
        return
    owner = await parts.people.user(key.user_id)
    if not caller.may_at(Scope.ADMIN, lineage_of(organisation_id=owner.organisation_id)):
        raise missing(hides=True)
    await parts.permits.must_administer_all_of(caller, key.user_id)


async def _must_may_as_much(parts: Parts, caller: Caller, key: Key) -> None:
    """Whoever holds a key that was kept to little shuts its owner out of nothing with it."""
    may_no_more = caller.scopes.issuperset(key.scopes) and await parts.permits.keeps_within(caller, key.places)
    if key.key_id != caller.key_id and not may_no_more:
        must_be_whole(caller)

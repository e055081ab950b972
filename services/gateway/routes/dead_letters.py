"""`/api/v1/dead-letters`: what could not be decided; for administrators, since it belongs to no app."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import key_reused
from services.gateway.domain.rights import Scope
from services.gateway.resources import DeadLetter, DeadLetterPage, PageSize, Replayed
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"], dependencies=[*DESCRIBED])


@router.get("", dependencies=may(Scope.ADMIN))
async def list_dead_letters(parts: PartsOf, limit: PageSize = 100) -> DeadLetterPage:
    """The newest refused records, newest first."""
    return await parts.dead_letters.newest(limit)


@router.get("/{dead_letter_id}", dependencies=may(Scope.ADMIN))
async def show_dead_letter(dead_letter_id: str, parts: PartsOf) -> DeadLetter:
    """One refused record whole, its secrets blacked out."""
    return await parts.dead_letters.show(dead_letter_id)


@router.post("/{dead_letter_id}/replay", status_code=202)
async def replay_dead_letter(
    dead_letter_id: str, parts: PartsOf, intent: Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
) -> Replayed:
    """Send a refused record again; its new id is the same when this request is repeated."""
    if await parts.changes.is_decided(intent) and not await parts.asked.is_kept(intent):
        raise key_reused()  # it would be taken for what was decided, and nothing would be replayed
    await parts.asked.must_be_the_same(intent, "replay of a dead letter", dead_letter_id)
    await parts.dead_letters.replay(dead_letter_id, intent.command_id)
    return Replayed(dead_letter_id=dead_letter_id, message_id=intent.command_id)

"""What becomes of a restore or an upload that failed: the destination is as it was, or holds all of what came."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from services.platform.process.errors import NightkeepError
from services.platform.process.retry import until_done
from services.restore.work.attempt import Attempt, Named
from services.restore.work.document_steps import put_documents_back
from services.restore.work.looking import find_destination

PUT_BACK_SECONDS: Final = 120.0
"""How long the leftovers of work that never closed anything are cleared away: then the failure is told anyway."""

log = structlog.get_logger()


async def put_back(attempt: Attempt, parts: Sequence[Named]) -> None:
    """Leave the destination as it was; what has switched is completed instead, by those of `parts` that come after.

    Before anything was closed, what cannot be cleared away is only left over, and is told to the log.
    """
    if attempt.memo.closing:
        await _put_back(attempt, parts)
    elif attempt.memo.begun:
        with suppress(TimeoutError):
            async with asyncio.timeout(PUT_BACK_SECONDS):
                await _try_to_clear_away(attempt, parts)
    attempt.memo.keep_in(attempt.run.memo)


async def _try_to_clear_away(attempt: Attempt, parts: Sequence[Named]) -> None:
    try:
        await until_done("clear away failed work", lambda: _put_back(attempt, parts))
    except NightkeepError as error:
        log.warning("failed work left something beside the live data", reason=error.reason, job=str(attempt.run.job_id))


async def _put_back(attempt: Attempt, parts: Sequence[Named]) -> None:
    await find_destination(attempt)
    if attempt.has_switched:
        await _complete(attempt, parts)
    else:
        await put_documents_back(attempt)


async def _complete(attempt: Attempt, parts: Sequence[Named]) -> None:
    """What comes after the switch, all of which may run again."""
    for part in parts:
        if part.once_switched:
            await part.work()
    attempt.memo.completed = True

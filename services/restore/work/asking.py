"""The platform is asked by an environment's hook: for a command, as a job; for an upload, right before its switch."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import uuid5

from contracts.errors import FailureCode
from contracts.events.apps import HookAnswered, HookCallRequested, HookFailed
from contracts.events.uploads import UploadRequested
from contracts.values import HookAction
from services.platform.database import Connection
from services.platform.environments import Environment, find
from services.platform.jobs import JobRun, Step, TriesExhaustedError
from services.platform.process.errors import PermanentError
from services.platform.process.retry import until_done
from services.restore.adapters.hooks import HookUnansweredError, NoHookError
from services.restore.journal import hook_stream, tell
from services.restore.work.attempt import Attempt, Named
from services.restore.work.cleared import tell_removed, tell_unpublished
from services.restore.workplace import Workplace

PATIENCE_SECONDS: Final = 180.0
"""How long an upload, which has loaded all by then, waits for a platform that does not answer."""

_TOLD: Final = {"call_id", "environment_id", "action"}
"""What an answer says of its call."""


class HookJob:
    """The kind `hook`: what a command wants of the platform."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """One call; when nobody answers, the attempt is tried again with the same id."""
        return (Step("ask the platform", partial(self._ask, run)),)

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Nothing has changed, as far as is known."""
        asked = HookCallRequested.model_validate(run.payload)
        now, ids = self._workplace.clock.now(), asked.model_dump(include=_TOLD)
        failed = HookFailed(**ids, failed_at=now, reason=error.reason)
        await tell(self._workplace, c, run, hook_stream(asked.call_id), failed)

    async def _ask(self, run: JobRun) -> None:
        asked = HookCallRequested.model_validate(run.payload)
        environment = await _environment(run)
        if environment is None:
            raise NoHookError
        await self._workplace.hooks.ask(
            environment, asked.action, asked.call_id, asked.app_services, still_ours=partial(_still_ours, run)
        )
        async with run.finish() as c:
            now, ids = self._workplace.clock.now(), asked.model_dump(include=_TOLD)
            await tell(self._workplace, c, run, hook_stream(asked.call_id), HookAnswered(**ids, answered_at=now))


def clearing(attempt: Attempt, requested: UploadRequested) -> Named:
    """Before anything is cleared, the platform takes back what is published and removes its package.

    What it has done is told at once: it stays done when the upload fails after it.
    """

    async def ask() -> None:
        environment = await _environment(attempt.run)
        if environment is None or environment.hook is None:
            return
        if requested.app_services:
            await _patiently(attempt, environment, HookAction.UNPUBLISH, requested)
            await tell_unpublished(attempt, requested)
        await _patiently(attempt, environment, HookAction.REMOVE_PACKAGE, requested)
        await tell_removed(attempt, requested)

    return Named("have the platform unpublish services and remove the package", ask)


async def _patiently(
    attempt: Attempt, environment: Environment, action: HookAction, requested: UploadRequested
) -> None:
    """Again is harmless: the call's id follows from the upload's. Raises HookRefusedError, TriesExhaustedError."""
    call_id, last = uuid5(requested.upload_id, action), "the platform was not asked in time"

    async def once() -> None:
        nonlocal last
        attempt.run.moved()
        try:
            still_ours = partial(_still_ours, attempt.run)
            await attempt.workplace.hooks.ask(
                environment, action, call_id, requested.app_services, still_ours=still_ours
            )
        except HookUnansweredError as error:
            last = error.reason
            raise

    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await until_done("ask the platform", once)
    except TimeoutError as error:
        raise TriesExhaustedError(last, code=FailureCode.HOOK_FAILED) from error


async def _still_ours(run: JobRun) -> None:
    """Raises LeaseLostError: whoever has the job now asks, and may have been answered."""
    async with run.transaction():
        pass


async def _environment(run: JobRun) -> Environment | None:
    async with run.transaction() as c:
        return await find(c, run.environment_id)

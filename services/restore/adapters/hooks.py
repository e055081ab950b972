"""Asks the platform by an environment's hook, and understands its answer (contracts/HOOK.md)."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from contracts.errors import FailureCode
from contracts.values import HookAction
from services.platform.environments import Environment
from services.platform.process.clock import Clock
from services.platform.process.errors import PermanentError, TransientError
from services.platform.webhooks import Answer, Receivers, SigningSecrets, signed_headers

LATER: Final = frozenset({408, 425, 429})
"""Statuses below 500 that say: not now."""


class NoHookError(PermanentError):
    """The hook was taken away, or the environment removed, before the platform was asked."""

    def __init__(self) -> None:
        super().__init__("there is no hook any more, and nothing was changed", code=FailureCode.HOOK_FAILED)


class HookRefusedError(PermanentError):
    """The platform will not do it."""


class HookUnansweredError(TransientError):
    """The platform has not done it yet, as far as is known."""


class Hooks:
    """`clock` is the real one: who is called refuses timestamps that are minutes off."""

    def __init__(self, receivers: Receivers, secrets: SigningSecrets, clock: Clock) -> None:
        self._receivers = receivers
        self._secrets = secrets
        self._clock = clock

    async def ask(
        self,
        environment: Environment,
        action: HookAction,
        call_id: UUID,
        app_services: Sequence[str] = (),
        *,
        still_ours: Callable[[], Awaitable[None]],
    ) -> None:
        """Returns when the platform has done it. The same `call_id` again is the same wish.

        `still_ours` raises when the work has changed hands. It is asked behind the timestamp: who stands still after
        that calls with an old one, which the platform refuses.

        Raises NoHookError, HookRefusedError, HookUnansweredError, and what keeps its secret from being read.
        """
        hook = environment.hook
        if hook is None:
            raise NoHookError
        secret, now = self._secrets.of(hook.secret), self._clock.now()
        told = {"type": f"environment.{action}", "timestamp": now.isoformat()}
        body = json.dumps(told | {"data": _data(environment, app_services)}).encode()
        signed = signed_headers(secret, str(call_id), int(now.timestamp()), body)
        await still_ours()
        answer = await self._receivers.call(str(hook.url), body, signed)
        _refuse_unless_done(answer, f"the hook {hook.url} of {environment.name}, asked to {_words(action)},")


def _data(environment: Environment, app_services: Sequence[str]) -> dict[str, Any]:
    return {
        "app_id": str(environment.app_id),
        "environment_id": str(environment.environment_id),
        "environment": environment.name,
        "mode": environment.mode,
        "app_services": list(app_services),
    }


def _refuse_unless_done(answer: Answer, whose: str) -> None:
    """Raises HookRefusedError, HookUnansweredError."""
    if answer.accepted:
        return
    if answer.status is None:
        raise HookUnansweredError(f"{whose} gave no answer{answer.quoted}", code=FailureCode.HOOK_FAILED)
    reason = f"{whose} answered {answer.status}{answer.quoted}"
    if answer.status in LATER or answer.status >= 500:  # noqa: PLR2004 -- where HTTP's own troubles begin
        raise HookUnansweredError(reason, code=FailureCode.HOOK_FAILED)
    raise HookRefusedError(reason, code=FailureCode.HOOK_FAILED)


def _words(action: HookAction) -> str:
    return action.replace("_", " the ")

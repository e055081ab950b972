"""What a route is told about the call: the parts to work with, who calls and may they, under which key to repeat."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Header, Request, Response, Security, params
from fastapi.security import APIKeyHeader, HTTPBearer

from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.permits import must_everywhere, no_access
from services.gateway.adapters.watching import StillMay
from services.gateway.domain.identity import KEY_CHARACTERS, is_idempotency_key
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import NEEDED_OF_SOURCE, ON_PLATFORM, PLACED_BY, Caller, Scope, Thing
from services.gateway.parts import Parts
from services.gateway.routes.asking import must_be_known
from services.gateway.routes.headers import IDEMPOTENCY_HEADER

SentKey = Annotated[
    str | None,
    Header(
        alias=IDEMPOTENCY_HEADER,
        description="the same key asks for the same thing: repeat with it what is not known yet",
    ),
]


async def _parts(request: Request) -> Parts:
    """Without a thread, which FastAPI takes for whatever is not async, and which costs more than the call."""
    parts = request.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("the application was made without its parts")
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]

DESCRIBED = (
    Security(HTTPBearer(auto_error=False, description="an API key")),
    Security(APIKeyHeader(name="Mendix-Username", scheme_name="Mendix-Username", auto_error=False)),
    Security(APIKeyHeader(name="Mendix-ApiKey", scheme_name="Mendix-ApiKey", auto_error=False)),
)
"""For the description of the API only: the doorkeeper has checked the key already."""


def _caller(request: Request) -> Caller:
    caller = request.state.caller
    if not isinstance(caller, Caller):
        raise TypeError("the doorkeeper lets nobody in without a caller")
    request.state.operation = getattr(request.scope.get("route"), "name", "")
    request.state.things = dict(request.path_params)
    must_be_known(request)
    return caller


def caller_anywhere_with(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller, whose key must have `scope`; what follows looks where, or shows only what it may."""

    async def check(request: Request) -> Caller:
        caller = _caller(request)
        if not caller.may(scope):
            raise no_access(f"this key lacks the scope '{scope}': ask an administrator for another")
        return caller

    check.__name__ = f"caller_anywhere_with_{scope}"
    return check


def caller_with(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller, who must have `scope` at the place that the address names, else on the platform."""
    anywhere = caller_anywhere_with(scope)

    async def check(request: Request) -> Caller:
        caller = await anywhere(request)
        await _must_there(request, caller, scope)
        return caller

    check.__name__ = f"caller_with_{scope}"
    return check


async def _must_there(request: Request, caller: Caller, scope: Scope) -> None:
    name = next((name for name in PLACED_BY if name in request.path_params), None)
    thing_id = None if name is None else _id(request.path_params[name])
    if name is not None and thing_id is not None:
        await (await _parts(request)).permits.must(caller, scope, PLACED_BY[name], thing_id)
    if name is None or request.state.operation in ON_PLATFORM:
        must_everywhere(caller, scope)


async def _may_read_now(request: Request) -> bool:
    caller: Caller | None = await request.state.caller_again()
    if caller is None:
        return False
    try:
        await _must_there(request, caller, Scope.READ)
    except RefusalError:
        return False
    return True


async def _still_may_read(request: Request) -> StillMay:
    return partial(_may_read_now, request)


StillMayRead = Annotated[StillMay, Depends(_still_may_read)]
"""Looks anew at key or session and at the right to read: an answer that goes on for long outlives them."""


def may(scope: Scope) -> list[params.Depends]:
    """The dependencies of routes that only look: a caller with `scope` there."""
    return [Depends(caller_with(scope)), *DESCRIBED]


def intent_with(scope: Scope) -> Callable[..., Awaitable[Intent]]:
    """A dependency: what a caller with `scope` there wants, under the idempotency key sent or a new one."""
    return _intent_of(caller_with(scope), f"intend_with_{scope}")


def intent_anywhere_with(scope: Scope) -> Callable[..., Awaitable[Intent]]:
    """The same of a caller whose key has `scope`; what follows looks where."""
    return _intent_of(caller_anywhere_with(scope), f"intend_anywhere_with_{scope}")


def _intent_of(caller_of: Callable[[Request], Awaitable[Caller]], name: str) -> Callable[..., Awaitable[Intent]]:
    async def intend(request: Request, response: Response, idempotency_key: SentKey = None) -> Intent:
        caller = await caller_of(request)
        key = await repeat_key(request, response, idempotency_key)
        return Intent(caller, key, is_new=idempotency_key is None)

    intend.__name__ = name
    return intend


async def repeat_key(request: Request, response: Response, idempotency_key: SentKey = None) -> str:
    """The idempotency key sent, or a new one; told in the answer, so that whoever sent none can repeat with it."""
    key = idempotency_key if idempotency_key is not None else str(uuid4())
    if not is_idempotency_key(key):
        raise RefusalError(
            400,
            RejectionCode.INVALID_PARAMETERS,
            f"{IDEMPOTENCY_HEADER}: 1 to {KEY_CHARACTERS} printable ASCII characters",
            field=IDEMPOTENCY_HEADER,
        )
    response.headers[IDEMPOTENCY_HEADER] = key
    request.state.idempotency_key = key
    return key


async def must_of_source(parts: Parts, intent: Intent, operation: str, backup_id: UUID) -> None:
    """What an operation needs of the backup that it brings in. Raises NotFoundError and RefusalError (403)."""
    await parts.permits.must(intent.caller, NEEDED_OF_SOURCE[operation], Thing.BACKUP, backup_id)


def _id(text: str) -> UUID | None:
    """None where it is none: the route refuses the address then."""
    try:
        return UUID(text)
    except ValueError:
        return None

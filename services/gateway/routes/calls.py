"""What a route is told about the call: the parts to work with, who calls and may they, under which key to repeat."""

from collections.abc import Callable
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Header, Request, Response, Security, params
from fastapi.security import APIKeyHeader, HTTPBearer

from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.identity import KEY_CHARACTERS, is_idempotency_key
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import Caller, Scope
from services.gateway.parts import Parts
from services.gateway.routes.headers import IDEMPOTENCY_HEADER


def _parts(request: Request) -> Parts:
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
    return caller


def caller_with(scope: Scope) -> Callable[[Request], Caller]:
    """A dependency: the caller, whose key must have `scope`."""

    def check(request: Request) -> Caller:
        caller = _caller(request)
        if not caller.may(scope):
            raise RefusalError(
                403, "NO_ACCESS", f"this key lacks the scope {scope!r}: ask an administrator for another"
            )
        return caller

    check.__name__ = f"caller_with_{scope}"
    return check


def may(scope: Scope) -> list[params.Depends]:
    """The dependencies of routes that only look: a key with `scope`."""
    return [Depends(caller_with(scope)), *DESCRIBED]


def intent_with(scope: Scope) -> Callable[..., Intent]:
    """A dependency: what the caller wants, under the idempotency key sent or a new one; both are told in the answer."""

    def intend(
        request: Request,
        response: Response,
        idempotency_key: Annotated[
            str | None,
            Header(
                alias=IDEMPOTENCY_HEADER,
                description="the same key asks for the same thing: repeat with it what is not known yet",
            ),
        ] = None,
    ) -> Intent:
        caller = caller_with(scope)(request)
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
        return Intent(caller, key, is_new=idempotency_key is None)

    intend.__name__ = f"intend_with_{scope}"
    return intend

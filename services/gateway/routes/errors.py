"""Every error as `{errorCode, errorMessage, field?}`: what was wrong and what to do, and nothing of the inside."""

from math import ceil
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from contracts.defaults import COMMAND_BYTES
from contracts.errors import FailureCode, RejectionCode
from contracts.values import LiteralSecretValueError
from services.gateway.adapters.changes import NotReadableYetError
from services.gateway.adapters.guessing import TooManyGuessesError
from services.gateway.domain.refusals import (
    NotFoundError,
    NotKnownYetError,
    RefusalError,
    TooManyAtOnceError,
    for_scripts,
)
from services.gateway.resources import Accepted, Refusal
from services.gateway.routes.headers import IDEMPOTENCY_HEADER, READ_LAG_HEADER
from services.platform.process.errors import TransientError

UNKNOWN_ADDRESS: Final = 404
RETRY_SECONDS: Final = 1
"""What Retry-After says; outages of an engine last seconds."""

_HTTP_CODES: Final = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: RejectionCode.TOO_LARGE,
    400: RejectionCode.MALFORMED,
}
_HTTP_MESSAGES: Final = {
    404: "there is nothing at this address: see /docs",
    405: "this address does not know that method: see /docs",
    413: "the body is larger than may be sent there",
    400: "the body is no JSON in UTF-8",
}
_PATH_CODES: Final = {
    "app_id": RejectionCode.APP_NOT_FOUND,
    "app_name": RejectionCode.APP_NOT_FOUND,
    "project_id": RejectionCode.ENVIRONMENT_NOT_FOUND,
    "environment_id": RejectionCode.ENVIRONMENT_NOT_FOUND,
}

_log = structlog.get_logger(__name__)


def refusal(
    status: int, code: str, message: str, field: str | None = None, *, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The answer that a refusal becomes."""
    told = Refusal(errorCode=code, errorMessage=message, field=field)
    return JSONResponse(told.model_dump(exclude_none=True), status, headers)


def too_large(most_bytes: int = COMMAND_BYTES) -> JSONResponse:
    """The answer to a body that nothing at this address may have."""
    return refusal(413, _HTTP_CODES[413], f"the body is larger than {most_bytes // 1024} KiB")


def too_many(wait_seconds: float, message: str = "this key calls too often: wait as Retry-After says") -> JSONResponse:
    """The answer to a key that calls too often, which polling every two seconds never does, and to who guesses one."""
    headers = {"Retry-After": str(ceil(wait_seconds))}
    return refusal(429, "TOO_MANY_REQUESTS", message, headers=headers)


def away(error: TransientError) -> JSONResponse:
    """The answer while an engine is away, or has no room; its name and address stay in the log."""
    _log.warning("engine away", reason=error.reason)
    headers = {"Retry-After": str(RETRY_SECONDS)}
    full = error.code is FailureCode.NO_SPACE
    what = "the platform has no room to store more" if full else "a part of the platform is away"
    return refusal(503, "SERVICE_UNAVAILABLE", f"{what}: try again", headers=headers)


COMPATIBLE: Final = ("/api/v2/", "/api/1/")
"""Addresses whose refusals scripts know by another table."""


def translated(scope: Scope, answer: JSONResponse) -> JSONResponse:
    """The refusal as the API at the address of the request with this `scope` tells it."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if not path.startswith(COMPATIBLE):
        return answer
    told = Refusal.model_validate_json(bytes(answer.body))
    status, code = for_scripts(path, answer.status_code, told.errorCode)
    kept = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    return refusal(status, code, told.errorMessage, told.field, headers=kept)


def install(app: FastAPI) -> None:
    """Have `app` answer every error in this form."""
    app.add_exception_handler(RefusalError, _on_refusal)
    app.add_exception_handler(NotReadableYetError, _on_not_readable_yet)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(TransientError, _on_away)
    app.add_exception_handler(Exception, _on_defect)


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RefusalError):
        raise TypeError("registered for RefusalError") from error
    request.state.hidden = isinstance(error, NotFoundError) and error.hides
    headers = _when_to_come_back(error)
    told = refusal(error.status, error.code, error.message, error.field, headers=headers | _key(request))
    return translated(request.scope, told)


def _when_to_come_back(error: RefusalError) -> dict[str, str]:
    seconds = error.wait_seconds if isinstance(error, TooManyGuessesError) else RETRY_SECONDS
    comes_back = isinstance(error, NotKnownYetError | TooManyGuessesError | TooManyAtOnceError)
    return {"Retry-After": str(seconds)} if comes_back else {}


async def _on_not_readable_yet(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, NotReadableYetError):
        raise TypeError("registered for NotReadableYetError") from error
    where = {} if error.location is None else {"Location": error.location}
    told = {READ_LAG_HEADER: error.lag, **where, **_key(request)}
    return JSONResponse(Accepted(accepted=True).model_dump(), 202, told)


def _key(request: Request) -> dict[str, str]:
    """The key to repeat with, also when it was made here."""
    key: str | None = getattr(request.state, "idempotency_key", None)
    return {} if key is None else {IDEMPOTENCY_HEADER: key}


async def _on_away(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, TransientError):
        raise TypeError("registered for TransientError") from error
    return translated(request.scope, away(error))


async def _on_defect(request: Request, error: Exception) -> JSONResponse:
    del error  # the server logs it with its trace
    return translated(request.scope, refusal(500, "INTERNAL", "the gateway met a defect; its log says more"))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException") from error
    status = error.status_code
    headers = dict(error.headers) if error.headers else None
    code, message = _HTTP_CODES.get(status, "REFUSED"), _HTTP_MESSAGES.get(status, "the request is refused")
    told = refusal(status, code, message, headers=headers)
    return told if status == UNKNOWN_ADDRESS else translated(request.scope, told)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise TypeError("registered for RequestValidationError") from error
    problems = error.errors()
    problem = next((problem for problem in problems if _is_literal_secret(problem)), problems[0])
    return translated(request.scope, _invalid(problem))


def _invalid(problem: dict[str, Any]) -> JSONResponse:
    where, *parts = problem["loc"]
    if where == "path":
        code = _PATH_CODES.get(str(parts[0]), RejectionCode.NOT_FOUND)
        return refusal(404, code, "no such id: it is none of those that are given here")
    if problem["type"] == "json_invalid":
        return refusal(400, RejectionCode.MALFORMED, "the body is no JSON in UTF-8")
    if problem["type"] == "model_attributes_type" and not parts:
        return refusal(400, RejectionCode.MALFORMED, "the body has to be a JSON object, sent as application/json")
    code = RejectionCode.LITERAL_SECRET if _is_literal_secret(problem) else RejectionCode.INVALID_PARAMETERS
    field = ".".join(str(part) for part in parts) or None
    said = str(problem["msg"]).removeprefix("Value error, ")
    return refusal(400, code, f"{field or where}: {said}", field)


def _is_literal_secret(problem: dict[str, Any]) -> bool:
    return isinstance(problem.get("ctx", {}).get("error"), LiteralSecretValueError)

"""What the gateway tells of itself as OpenAPI, mended where FastAPI would tell another story than the gateway's."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from contracts.defaults import RATE_BURST, RATE_PER_SECOND
from services.gateway.domain.sessions import COOKIE, CSRF_HEADER, SAFE
from services.gateway.resources import Accepted, Refusal
from services.gateway.routes.examples import ASKED, REFUSED, REFUSED_TO_SCRIPTS
from services.gateway.routes.headers import IDEMPOTENCY_HEADER
from services.gateway.routes.shown import SHOWN

DESCRIPTION: Final = f"""
Registers apps and environments, makes backups, restores them, says why each is kept and until when.

- Every call needs a key: `Authorization: Bearer <key>`, or `Mendix-Username` and `Mendix-ApiKey`.
- A page in a browser signs in at `/api/v1/session` instead, and sends `{CSRF_HEADER}` with whatever changes something.
- Every changing call takes an `Idempotency-Key`, and answers with the one that it used. The same key asks for the same
  thing: after `503 NOT_KNOWN_YET`, a time-out or a broken connection repeat the call with it, and the one answer comes.
  A key is for one request. With another that makes something of the same kind, or that changes an app, an environment,
  a backup, a restore or an upload, it is refused, `409 IDEMPOTENCY_KEY_REUSED`. What gives or takes rights, removes a
  user, hands an app over or replays is compared with such calls, and what revokes or sets a password with none. A
  repeat does nothing again, whatever somebody else did since. The repeat of what made a key or an invitation leaves its
  secret out, which the first answer alone shows; only who accepts an invitation is shown the first key again, for a
  quarter of an hour and until it is used.
  Signing in and out take no such key: a session whose cookie was lost ends by itself, and is handed out to nobody
  again. Neither does a simulation: it makes nothing.
- A query parameter that a call does not know, or that is given twice and says one thing, is refused,
  `400 INVALID_PARAMETERS`, and nothing is done: so a misspelt `dry_run` never acts. `/api/v2` and `/api/1` pass over
  what they do not know, except a `dry_run` of what changes something; so do the calls that need no key, such as the way
  back from a provider of identities, which adds its own.
- A key calls {RATE_PER_SECOND} times a second, after a rest {RATE_BURST} times at once; whatever is beyond that is
  answered 429 with `Retry-After`; of several gateways each counts its own. Polling every two seconds is fine. Who runs
  the gateway may have set other numbers
  (`NIGHTKEEP_GATEWAY__RATE_PER_SECOND`, `NIGHTKEEP_GATEWAY__RATE_BURST`).
- Reads see your own writes. Where they cannot yet, the header `Nightkeep-Read-Lag` says so.
- A file is sent in parts as a parcel, which goes on after a break, and is then uploaded into an environment.
- A backup is downloaded by a link of its archive, which needs no key and goes on after a break (Range, ETag).
- Who administers a place reads at `/api/v1/audit` who asked for what there, and what came of it.
- What is refused is answered `{{errorCode, errorMessage, field?}}`, and has changed nothing.
"""
_JSON: Final = "application/json"
_FIRST_REFUSAL: Final = 400
_REFUSALS: Final = {
    400: "malformed, or a field or a query parameter is wrong or unknown",
    401: "no such key",
    403: "the key lacks the scope",
    404: "no such thing",
    409: "the state of things forbids it",
    413: "too large",
    429: "this key calls too often: wait as Retry-After says",
    500: "a defect",
    503: "not known yet, a part of the platform is away, or too many are at it: repeat with the same Idempotency-Key",
}
_REFUSALS_TO_SCRIPTS: Final = {status: _REFUSALS[status] for status in (401, 403, 404, 429)} | {
    400: "a parameter is wrong, a dry run is asked for, or the state of things forbids it",
    500: "it failed, or a part of the platform is away: try again",
}
"""Spec: backups-api-v2, "Errors"."""
_SESSION: Final = "Session"
_BY_KEY: Final[list[dict[str, list[str]]]] = [{"HTTPBearer": []}, {"Mendix-Username": [], "Mendix-ApiKey": []}]
_BY_SESSION_ONLY: Final = frozenset({"show_session", "sign_out"})
_TOLD_AS_ACCEPTED: Final = frozenset({"create_backup", "import_backup"})
"""They show what was accepted at once, whether it can be read yet or not."""
_SCHEMES: Final = {
    _SESSION: {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "set by POST /api/v1/session"},
    CSRF_HEADER: {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "`csrf_token` of GET /api/v1/session: needed with the cookie by whatever changes something",
    },
}


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`, made once."""
    if app.openapi_schema is None:
        for route in app.routes:
            if isinstance(route, APIRoute):
                route.operation_id = route.name
        document = FastAPI.openapi(app)
        for path in document["paths"].values():
            for method, operation in path.items():
                _mend(method, operation)
        document["components"]["securitySchemes"] |= _SCHEMES
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas |= {shape.__name__: shape.model_json_schema() for shape in (Accepted, Refusal)}
    return app.openapi_schema or {}


def _mend(method: str, operation: dict[str, Any]) -> None:
    """Never 422; examples of everything in JSON; a bearer's key, a name together with a key, or a session."""
    answers, is_of_scripts = operation["responses"], "v2" in operation["tags"]
    answers.pop("422", None)
    if _JSON in (body := operation.get("requestBody", {}).get("content", {})):
        body[_JSON]["example"] = ASKED[operation["operationId"]]
    keyed = any(parameter["name"] == IDEMPOTENCY_HEADER for parameter in operation.get("parameters", ()))
    if keyed and not is_of_scripts and operation["operationId"] not in _TOLD_AS_ACCEPTED:
        _tell_of_lag(answers)
    _tell_of_refusals(answers, is_of_scripts=is_of_scripts)
    for answer in answers.values():
        content = answer.get("content", {}).get(_JSON, {"example": None})
        if "example" not in content:
            content["example"] = _example(content["schema"])
    operation["security"] = _security(method, operation)


def _tell_of_refusals(answers: dict[str, Any], *, is_of_scripts: bool) -> None:
    """In JSON, also of event streams and of bytes; to scripts by the table that they know."""
    for status, text in (_REFUSALS_TO_SCRIPTS if is_of_scripts else _REFUSALS).items():
        answers.setdefault(str(status), {"description": text})
    examples = REFUSED_TO_SCRIPTS if is_of_scripts else REFUSED
    schema = {"$ref": "#/components/schemas/Refusal"}
    for code, answer in answers.items():
        if int(code) >= _FIRST_REFUSAL:
            answer["content"] = {_JSON: {"schema": schema, "example": examples[int(code)]}}


def _tell_of_lag(responses: dict[str, Any]) -> None:
    """A change that cannot be read yet is answered 202, whatever it is answered otherwise; scripts wait for it."""
    accepted = {"$ref": "#/components/schemas/Accepted"}
    usual = responses.setdefault("202", {"description": "accepted, and not readable yet: look at Location in a moment"})
    content = usual.setdefault("content", {_JSON: {"schema": accepted}})[_JSON]
    if content["schema"] is not accepted:
        content["schema"] = {"anyOf": [content["schema"], accepted]}


def _example(schema: dict[str, Any]) -> Any:  # noqa: ANN401 -- what a schema describes
    """An example of the first of the shapes that an answer may have."""
    if "items" in schema:
        return [_example(schema["items"])]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    return SHOWN[schema["$ref"].rpartition("/")[2]]


def _security(method: str, operation: dict[str, Any]) -> list[dict[str, list[str]]]:
    """Who may call it, as alternatives; an empty one: also who shows nothing."""
    is_safe = method.upper() in SAFE
    by_session: dict[str, list[str]] = {_SESSION: []} if is_safe else {_SESSION: [], CSRF_HEADER: []}
    if operation["operationId"] in _BY_SESSION_ONLY:
        return [by_session] if is_safe else [by_session, {}]
    return [] if {"downloads", "open"} & set(operation["tags"]) else [*_BY_KEY, by_session]

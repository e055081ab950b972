"""The gateway's HTTP application: its routes, its doorkeeper, its errors and its description."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from services.gateway.parts import Parts
from services.gateway.resources import Accepted, Refusal
from services.gateway.routes import (
    access,
    alerts,
    apps,
    archives,
    backups,
    contents,
    dead_letters,
    downloads,
    environments,
    errors,
    keys,
    parcels,
    platform,
    policies,
    recovering,
    restores,
    retention,
    sessions,
    shredding,
    uploads,
    users,
)
from services.gateway.routes.bounding import Bounded
from services.gateway.routes.doorkeeper import Doorkeeper
from services.gateway.routes.examples import ASKED, REFUSED
from services.gateway.routes.headers import IDEMPOTENCY_HEADER
from services.gateway.routes.noting import Noted
from services.gateway.routes.observing import Observed
from services.gateway.routes.v2 import archives as v2_archives
from services.gateway.routes.v2 import deploy, snapshots
from services.gateway.routes.v2 import restores as v2_restores
from services.gateway.routes.v2.unslashed import Unslashed

DESCRIPTION: Final = """
Registers apps and environments, makes backups, restores them, says why each is kept and until when.

- Every call needs a key: `Authorization: Bearer <key>`, or `Mendix-Username` and `Mendix-ApiKey`.
- A page in a browser signs in at `/api/v1/session` instead, and sends `X-CSRF-Token` with whatever changes something.
- Every changing call takes an `Idempotency-Key`, and answers with the one that it used. The same key asks for the same
  thing: after `503 NOT_KNOWN_YET`, a time-out or a broken connection repeat the call with it, and the one answer comes.
  With another request it is refused, `409 IDEMPOTENCY_KEY_REUSED`. The repeat of what made a key or an
  invitation leaves its secret out, which the first answer alone shows. Signing in and out take no such key: a session
  whose cookie was lost ends by itself, and is handed out to nobody again. Neither does a simulation: it makes nothing.
- A key calls at most so often; beyond that it is answered 429 with `Retry-After`. Polling every two seconds is fine.
- Reads see your own writes. Where they cannot yet, the header `Nightkeep-Read-Lag` says so.
- A file is sent in parts as a parcel, which goes on after a break, and is then uploaded into an environment.
- A backup is downloaded by a link of its archive, which needs no key and goes on after a break (Range, ETag).
- What is refused is answered `{errorCode, errorMessage, field?}`, and has changed nothing.
"""
ROUTES: Final = (
    apps, environments, backups, recovering, contents, archives, downloads, restores, parcels, uploads, retention,
    shredding, policies, alerts, dead_letters, platform, users, keys, access, sessions, deploy, snapshots, v2_archives,
    v2_restores,
)  # fmt: skip
_REFUSALS: Final = {
    400: "malformed, or a field is wrong",
    401: "no such key",
    403: "the key lacks the scope",
    404: "no such thing",
    409: "the state of things forbids it",
    413: "too large",
    429: "this key calls too often: wait as Retry-After says",
    500: "a defect; in the compatible API also: try again",
    503: "not known yet, or a part of the platform is away: repeat with the same Idempotency-Key",
}
_SECURITY: Final[list[dict[str, list[str]]]] = [{"HTTPBearer": []}, {"Mendix-Username": [], "Mendix-ApiKey": []}]


def make_application(parts: Parts, *, public_url: str | None = None) -> FastAPI:
    """The application that works with `parts`; `public_url` is where people reach it."""
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="Nightkeep",
        version=version("nightkeep"),
        description=DESCRIPTION,
        servers=[{"url": public_url}] if public_url else None,
    )
    app.state.parts = parts
    # `include_router` would make every route a second time, which is half of the gateway's start.
    for router in (*(routes.router for routes in ROUTES), users.open_router, sessions.open_router):
        app.router.routes.extend(router.routes)
    app.router.routes.extend(parts.health.routes())
    errors.install(app)
    app.add_middleware(Unslashed)
    app.add_middleware(Bounded)
    app.add_middleware(Doorkeeper, authenticator=parts.authenticator, sessions=parts.sessions, rates=parts.rates)
    app.add_middleware(Noted, access_log=parts.access_log)
    app.add_middleware(Observed)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # -- the way that FastAPI documents
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, mended where it would tell another story than the gateway's."""
    if app.openapi_schema is None:
        for route in app.routes:
            if isinstance(route, APIRoute):
                route.operation_id = route.name
        described = FastAPI.openapi(app)
        for path in described["paths"].values():
            for operation in path.values():
                _mend(operation)
        schemas = described["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas |= {shape.__name__: shape.model_json_schema() for shape in (Accepted, Refusal)}
    return app.openapi_schema or {}


def _tell_of_lag(responses: dict[str, Any]) -> None:
    """A change that cannot be read yet is answered 202, whatever it is answered otherwise."""
    accepted = {"$ref": "#/components/schemas/Accepted"}
    usual = responses.setdefault("202", {"description": "accepted, and not readable yet: look at Location in a moment"})
    content = usual.setdefault("content", {"application/json": {"schema": accepted}})["application/json"]
    if content["schema"] is not accepted:
        content["schema"] = {"anyOf": [content["schema"], accepted]}


def _mend(operation: dict[str, Any]) -> None:
    """Never 422; refusals in JSON, also of event streams; a bearer's key, or a name together with a key."""
    operation["responses"].pop("422", None)
    if "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = ASKED[operation["operationId"]]
    if any(parameter["name"] == IDEMPOTENCY_HEADER for parameter in operation.get("parameters", ())):
        _tell_of_lag(operation["responses"])
    for status, text in _REFUSALS.items():
        response = operation["responses"].setdefault(str(status), {"description": text})
        schema = {"$ref": "#/components/schemas/Refusal"}
        response["content"] = {"application/json": {"schema": schema, "example": REFUSED[status]}}
    operation["security"] = [] if {"downloads", "open"} & set(operation["tags"]) else _SECURITY

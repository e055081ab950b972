"""The gateway's HTTP application: its routes, its doorkeeper, its errors and its description."""

from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from services.gateway.description import DESCRIPTION, described
from services.gateway.parts import Parts
from services.gateway.routes import (
    access,
    alerts,
    apps,
    archives,
    audit,
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
from services.gateway.routes.noting import Noted
from services.gateway.routes.observing import Observed
from services.gateway.routes.v2 import archives as v2_archives
from services.gateway.routes.v2 import deploy, snapshots
from services.gateway.routes.v2 import restores as v2_restores
from services.gateway.routes.v2.unslashed import Unslashed

ROUTES: Final = (
    apps, environments, backups, recovering, contents, archives, downloads, restores, parcels, uploads, retention,
    shredding, policies, alerts, audit, dead_letters, platform, users, keys, access, sessions, deploy, snapshots,
    v2_archives, v2_restores,
)  # fmt: skip


def make_application(parts: Parts, *, public_url: str | None = None) -> FastAPI:
    """The application that works with `parts`; `public_url` is where people reach it."""
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,
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
    app.openapi = lambda: described(app)  # type: ignore[method-assign]  # -- the way that FastAPI documents
    return app

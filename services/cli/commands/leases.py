"""`nightkeep backup lease` and `release`: keep a backup while something outside works with it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from services.cli.commands import options
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import details

Holder = Annotated[str, typer.Option("--holder", help="What works with it; a refused deletion names it.")]
Until = Annotated[
    datetime,
    typer.Option("--until", metavar="INSTANT", formats=["%Y-%m-%dT%H:%M:%S%z"], help="Its end: 2026-03-04T20:00:00Z."),
]
LeaseId = Annotated[
    UUID | None, typer.Option("--lease-id", metavar="ID", help="One that is there already: it lasts until then.")
]


def lease(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    holder: Holder,
    until: Until,
    lease_id: LeaseId = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Keep a backup from going while something works with it; the lease ends by itself."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        kept = gateway.acquire_lease(
            as_id(backup, "backup"), holder, until, lease_id=lease_id, idempotency_key=idempotency_key
        )
    session.tell(kept, details.backup(kept))


def release(
    context: typer.Context,
    *,
    backup: options.Backup,
    lease_id: Annotated[str, typer.Argument(metavar="LEASE", help="A lease's id, as `backup show` tells it.")],
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """End a lease: the work is over."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.release_lease(
            as_id(backup, "backup"), as_id(lease_id, "lease"), idempotency_key=idempotency_key
        )
    session.tell(changed, details.backup(changed))

"""`nightkeep audit`: who asked for what, when, what was let go under which rule."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Final
from uuid import UUID

import typer

from contracts.events.access import Place, PlaceKind
from services.cli.calling import asked
from services.cli.commands import options
from services.cli.names import find_access_place
from services.cli.session import session_of
from services.cli.show import audit as shown
from services.gateway.resources import AuditQuestion

commands = typer.Typer(name="audit", help="Who asked for what, when, and what came of it: list.", no_args_is_help=True)

_FORMATS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M"]
MOST_AT_ONCE: Final = 100

At = Annotated[
    str,
    typer.Argument(
        metavar="[PLACE]", help="`platform`, `organisation:NAME`, an app, or an environment as `app/name` or id."
    ),
]
Backup = Annotated[UUID | None, typer.Option("--backup", metavar="ID", help="Only about this backup.")]
Command = Annotated[
    UUID | None, typer.Option("--command", metavar="ID", help="Only what this command led to (correlation_id).")
]
User = Annotated[str | None, typer.Option("--user", help="Only what this user asked for.")]
By = Annotated[str | None, typer.Option("--service", help="Only what a service asked for by itself, like `nightly`.")]
Key = Annotated[str | None, typer.Option("--key", metavar="ID", help="Only uses of this key, its making and its end.")]
What = Annotated[
    list[str] | None, typer.Option("--what", help="Only events of this name, like BackupExpired; several may be given.")
]
Since = Annotated[datetime | None, typer.Option("--since", formats=_FORMATS, help="From then on (UTC).")]
Until = Annotated[datetime | None, typer.Option("--until", formats=_FORMATS, help="Before then (UTC).")]


@commands.callback()
def group() -> None:
    """Who asked for what, when, and what came of it."""


@commands.command("list")
def list_audit(  # noqa: PLR0913 -- one parameter for each argument and option
    context: typer.Context,
    *,
    place: At = PlaceKind.PLATFORM.value,
    backup: Backup = None,
    command: Command = None,
    user: User = None,
    service: By = None,
    key: Key = None,
    what: What = None,
    since: Since = None,
    until: Until = None,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """Show what is on the event log about a place that you administer, newest first."""
    if user is not None and service is not None:
        raise typer.BadParameter("one entry has one who asked for it: give --user or --service")
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        question = asked(
            AuditQuestion,
            **_place(find_access_place(gateway, place).place),
            backup_id=backup,
            correlation_id=command,
            actor=service if user is None else f"user:{user}",
            key_id=key,
            what=what,
            since=_utc(since),
            until=_utc(until),
            limit=min(limit, MOST_AT_ONCE),
        )
        found = list(islice(gateway.audit(question), limit))
    session.tell(found, shown.audit(found) if found else "nothing like this is on the log")


def _place(place: Place) -> dict[str, UUID]:
    return {} if place.kind is PlaceKind.PLATFORM else {f"{place.kind}_id": place.id}


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)

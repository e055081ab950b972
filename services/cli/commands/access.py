"""`nightkeep access`: who may do what on the platform, in an organisation, an app or an environment."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import typer

from services.cli.access_calls import AccessPlace
from services.cli.client import Gateway
from services.cli.commands import options
from services.cli.errors import RefusedError
from services.cli.names import find_access_place, find_user_id
from services.cli.session import session_of
from services.cli.show import access as shown
from services.gateway.domain.rights import Scope
from services.gateway.resources import Access

commands = typer.Typer(name="access", help="Rights of users: grant, revoke, list.", no_args_is_help=True)

UserName = Annotated[
    str,
    typer.Argument(
        metavar="USER", help="A user's id; or the name of one who has rights there, or whom you administer."
    ),
]
PlaceName = Annotated[
    str,
    typer.Argument(
        metavar="PLACE", help="`platform`, `organisation:NAME`, an app, or an environment as `app/name` or id."
    ),
]


@commands.command()
def grant(  # noqa: PLR0913 -- one parameter for each argument and option
    context: typer.Context,
    *,
    user: UserName,
    place: PlaceName,
    rights: Annotated[list[Scope], typer.Argument(help="One or more; none includes another.")],
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Give a user rights at a place and in all that lies within, beside those that are there."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        at = find_access_place(gateway, place)
        user_id = find_user_id(gateway, user, at)
        after = _changed(gateway, at, user_id, lambda before: before | set(rights), idempotency_key)
    session.tell(after, shown.access(after))


@commands.command()
def revoke(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    user: UserName,
    place: PlaceName,
    rights: Annotated[list[Scope] | None, typer.Argument(help="These; without any, all that were given there.")] = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Take rights back that were given at this very place; those from further out stay."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        at = find_access_place(gateway, place)
        user_id = find_user_id(gateway, user, at)
        after = _changed(
            gateway, at, user_id, lambda before: before - set(rights) if rights else set(), idempotency_key
        )
    session.tell(after, shown.access(after))


@commands.command("list")
def list_access(context: typer.Context, *, place: PlaceName, as_json: options.AsJson = False) -> None:
    """Show who was given rights at this very place."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.access(find_access_place(gateway, place))
    session.tell(found, shown.access(found))


def _changed(
    gateway: Gateway,
    at: AccessPlace,
    user_id: UUID,
    change: Callable[[set[Scope]], set[Scope]],
    idempotency_key: str | None,
) -> list[Access]:
    """Look and change, and again where somebody else changed them in between. Raises GatewayError."""
    while True:
        before = _rights(gateway, at, user_id)
        try:
            return gateway.give_access(at, user_id, change(before), instead_of=before, idempotency_key=idempotency_key)
        except RefusedError as error:
            if error.field != "instead_of":
                raise


def _rights(gateway: Gateway, at: AccessPlace, user_id: UUID) -> set[Scope]:
    return {right for one in gateway.access(at) if one.user_id == user_id for right in one.rights}

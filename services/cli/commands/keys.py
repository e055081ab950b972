"""`nightkeep key`: your own API keys, and those of users whom you administer."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import find_access_place, find_user
from services.cli.session import session_of
from services.cli.show import access as shown
from services.gateway.domain.rights import Scope

commands = typer.Typer(name="key", help="API keys: create, list, revoke.", no_args_is_help=True)


@commands.command()
def create(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    scopes: Annotated[list[Scope], typer.Option("--scope", help="What it may; again for more.")],
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    places: Annotated[
        list[str] | None,
        typer.Option("--at", metavar="PLACE", help="Only there: an app, or `app/name`; again for more."),
    ] = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Make one more key and show it, once; it may at most what you may, and works only at the places named."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        at = [find_access_place(gateway, text).place for text in places or ()]
        made = gateway.create_key(scopes, name=name, places=at, idempotency_key=idempotency_key)
    session.tell(made, shown.created(made))


@commands.command("list")
def list_keys(
    context: typer.Context,
    *,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Those of a user whom you administer: a name or id.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show your keys, or those of a user whom you administer, and when each was last used."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.keys() if user is None else gateway.keys_of(find_user(gateway, user).user_id)
    session.tell(found, shown.keys(found))


@commands.command()
def revoke(
    context: typer.Context,
    *,
    key: Annotated[str, typer.Argument(help="A key's id, as the list shows it.")],
    yes: options.Yes = False,
) -> None:
    """Have a key open nothing any more: one of yours, or of a user whom you administer."""
    session = session_of(context)
    with session.gateway() as gateway:
        if not yes:
            typer.confirm(f"Revoke the key {key}?", abort=True)
        gateway.revoke_key(key)
    session.note(f"revoked {key}")

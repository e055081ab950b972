"""`nightkeep organisation`: the customers of the platform, and which apps are theirs."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import find_app, find_organisation
from services.cli.session import session_of
from services.cli.show import access as shown

commands = typer.Typer(name="organisation", help="Customers of the platform: add, list, own.", no_args_is_help=True)


@commands.command()
def add(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="Its name.")],
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Add a customer: what belongs to one is not known to exist in another."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        made = gateway.add_organisation(name, idempotency_key=idempotency_key)
    session.tell(made, shown.organisations([made]))


@commands.command("list")
def list_organisations(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Show your organisation and those where you have rights; who administers the platform sees all."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(gateway.organisations())
    session.tell(found, shown.organisations(found))


@commands.command()
def own(
    context: typer.Context,
    *,
    organisation: Annotated[str, typer.Argument(help="An organisation's name or id.")],
    app: options.App,
) -> None:
    """Give an app to an organisation; those whom nobody was given belong to whoever runs the platform."""
    session = session_of(context)
    with session.gateway() as gateway:
        owner, given = find_organisation(gateway, organisation), find_app(gateway, app)
        gateway.hand_over_app(given.app_id, owner.place.id)
    session.note(f"{given.slug} belongs to {owner.name}")

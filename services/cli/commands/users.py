"""`nightkeep user`: who may be given rights, and which customer each belongs to."""

import os
from itertools import islice
from typing import Annotated, Final

import typer
from pydantic import BaseModel

from services.cli.commands import options
from services.cli.names import find_organisation, find_user
from services.cli.session import session_of
from services.cli.show import access as shown
from services.gateway.resources import Invitation, User

INVITATION: Final = "NIGHTKEEP_CLI_INVITATION"
"""Only from the environment or typed: arguments are seen by everybody on the machine."""

commands = typer.Typer(
    name="user", help="Users: add, list, show, invite, accept, password, remove.", no_args_is_help=True
)

UserName = Annotated[str, typer.Argument(metavar="USER", help="A user's name or id.")]
Organisation = Annotated[
    str | None, typer.Option("--organisation", help="An organisation's name or id; without it your own.")
]


class AddedUser(BaseModel):
    """A new user, and the invitation that lets that person in."""

    user: User
    invitation: Invitation


@commands.command()
def add(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="The name to sign in with, for example an e-mail address.")],
    organisation: Organisation = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Add a user and show an invitation, once; the user may nothing yet: see `nightkeep access grant`."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        owner = None if organisation is None else find_organisation(gateway, organisation).place.id
        user = gateway.add_user(name, owner, idempotency_key=idempotency_key)
        made = AddedUser(user=user, invitation=gateway.invite_user(user.user_id, idempotency_key=idempotency_key))
    session.tell(made, shown.invited(user.name, made.invitation))


@commands.command("list")
def list_users(context: typer.Context, *, limit: options.Limit = 100, as_json: options.AsJson = False) -> None:
    """Show the users whom you administer."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.users(), limit))
    session.tell(found, shown.users(found))


@commands.command()
def invite(
    context: typer.Context,
    *,
    user: UserName,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Show a new invitation of a user, once; an earlier one works no more."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = find_user(gateway, user)
        made = gateway.invite_user(found.user_id, idempotency_key=idempotency_key)
    session.tell(made, shown.invited(found.name, made))


@commands.command()
def accept(
    context: typer.Context, *, as_json: options.AsJson = False, idempotency_key: options.IdempotencyKey = None
) -> None:
    """Show the first key of an invited user, once; the invitation is typed, or NIGHTKEEP_CLI_INVITATION."""
    session = session_of(context, as_json=as_json)
    token = os.environ.get(INVITATION) or str(typer.prompt("Invitation", hide_input=True, err=True))
    with session.gateway(without_key=True) as gateway:
        made = gateway.accept_invitation(token.strip(), idempotency_key=idempotency_key)
    session.tell(made, shown.accepted(made))


@commands.command()
def password(context: typer.Context) -> None:
    """Give yourself a password for the browser, or another one; it is typed, and all your browser sessions end."""
    session = session_of(context)
    asked = "Current password (where there is none: Enter)"
    current = typer.prompt(asked, default="", show_default=False, hide_input=True, err=True)
    new = typer.prompt("New password", hide_input=True, confirmation_prompt="New password again", err=True)
    with session.gateway() as gateway:
        gateway.change_password(str(new), str(current) or None)
    session.note("it is your password from now on")


@commands.command()
def show(context: typer.Context, *, user: UserName, as_json: options.AsJson = False) -> None:
    """Show one user whom you administer."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = find_user(gateway, user)
    session.tell(found, shown.users([found]))


@commands.command()
def remove(context: typer.Context, *, user: UserName, yes: options.Yes = False) -> None:
    """Take all keys and rights of a user; the name stays taken."""
    session = session_of(context)
    with session.gateway() as gateway:
        found = find_user(gateway, user)
        if not yes:
            typer.confirm(f"Remove the user {found.name}?", abort=True)
        gateway.remove_user(found.user_id)
    session.note(f"removed {found.name}")

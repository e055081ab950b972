"""`nightkeep app`: what environments belong to."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import find_app
from services.cli.session import session_of
from services.cli.show import details, tables
from services.cli.validation import checked
from services.gateway.resources import AppChange, NewApp

commands = typer.Typer(name="app", help="Apps: register, list, show, update, remove.", no_args_is_help=True)

Name = Annotated[str | None, typer.Option("--name", help="The name that people read.")]


@commands.command()
def register(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    slug: Annotated[str, typer.Argument(help="The short name for commands: small letters, digits, dashes.")],
    name: Name = None,
    app_id: options.OwnId = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Make an app known."""
    session = session_of(context, as_json=as_json)
    new = checked(NewApp, {"name": name or slug, "slug": slug, "app_id": app_id})
    with session.gateway() as gateway:
        app = gateway.register_app(new, idempotency_key=idempotency_key)
    session.tell(app, details.app(app))


@commands.command("list")
def list_apps(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Show all apps."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(gateway.apps())
    session.tell(found, tables.apps(found) if found else "no apps yet: `nightkeep app register`")


@commands.command()
def show(context: typer.Context, *, app: options.App, as_json: options.AsJson = False) -> None:
    """Show one app and its environments."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = find_app(gateway, app)
        environments = list(gateway.environments(app_id=found.app_id))
    session.tell(found, details.app(found))
    if environments and not session.as_json:
        session.out.print(tables.environments(environments))


@commands.command()
def update(
    context: typer.Context,
    *,
    app: options.App,
    name: Name = None,
    slug: Annotated[str | None, typer.Option("--slug", help="The short name for commands.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Change an app's name or slug."""
    session = session_of(context, as_json=as_json)
    given = {key: value for key, value in (("name", name), ("slug", slug)) if value is not None}
    if not given:
        raise typer.BadParameter("nothing to change: give --name or --slug")
    change = checked(AppChange, given)
    with session.gateway() as gateway:
        changed = gateway.update_app(find_app(gateway, app).app_id, change)
    session.tell(changed, details.app(changed))


@commands.command()
def remove(context: typer.Context, *, app: options.App, yes: options.Yes = False) -> None:
    """Forget an app that has no environment any more."""
    session = session_of(context)
    with session.gateway() as gateway:
        found = find_app(gateway, app)
        if not yes:
            typer.confirm(f"Remove the app {found.slug}?", abort=True)
        gateway.remove_app(found.app_id)
    session.note(f"removed {found.slug}")

"""`nightkeep preflight`: looks whether a restore would go well, which `restore create --dry-run` asks for."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import details

commands = typer.Typer(
    name="preflight", help="Preflights, which `restore create --dry-run` asks for: show, cancel.", no_args_is_help=True
)

Preflight = Annotated[str, typer.Argument(help="A preflight's id.")]


@commands.command()
def show(context: typer.Context, *, preflight: Preflight, as_json: options.AsJson = False) -> None:
    """Show what a preflight has found."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.show_preflight(as_id(preflight, "preflight"))
    session.tell(found, details.preflight(found))


@commands.command()
def cancel(context: typer.Context, *, preflight: Preflight, as_json: options.AsJson = False) -> None:
    """Stop a preflight that waits for its turn behind other work there, or looks."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.cancel_preflight(as_id(preflight, "preflight"))
    session.tell(changed, details.preflight(changed))

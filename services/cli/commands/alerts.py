"""`nightkeep alert`: what a person should look at."""

from itertools import islice
from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.completion import complete_environment
from services.cli.names import find_environment
from services.cli.session import session_of
from services.cli.show import nights

commands = typer.Typer(name="alert", help="What a person should look at: list.", no_args_is_help=True)

Of = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", help="Only of this one: id, `app/name` or name.", autocompletion=complete_environment
    ),
]


@commands.callback()
def group() -> None:
    """What a person should look at."""


@commands.command("list")
def list_alerts(
    context: typer.Context, *, environment: Of = None, limit: options.Limit = 50, as_json: options.AsJson = False
) -> None:
    """Show alerts, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        about = None if environment is None else find_environment(gateway, environment).environment_id
        found = list(islice(gateway.alerts(about), limit))
    session.tell(found, nights.alerts(found) if found else "no alerts")

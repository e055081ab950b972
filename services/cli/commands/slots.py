"""`nightkeep slot`: the expected nightly runs of an environment, and what became of each."""

from itertools import islice

import typer

from services.cli.commands import options
from services.cli.names import find_environment
from services.cli.session import session_of
from services.cli.show import nights

commands = typer.Typer(name="slot", help="Nightly runs: list.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Nightly runs: which are expected, and what became of each."""


@commands.command("list")
def list_slots(
    context: typer.Context,
    *,
    environment: options.Environment,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """Show the expected nightly runs, newest first, the planned one among them."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.slots(find_environment(gateway, environment).environment_id), limit))
    session.tell(found, nights.slots(found) if found else "no nightly run was planned yet")

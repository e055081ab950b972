"""`nightkeep slot`: the expected nightly runs of an environment, what became of each, and schedules that stopped."""

from itertools import islice

import typer

from services.cli.commands import options
from services.cli.errors import RefusedError
from services.cli.names import environment_name, find_environment
from services.cli.session import session_of
from services.cli.show import details, nights

commands = typer.Typer(name="slot", help="Nightly runs: list; approve a schedule that stopped.", no_args_is_help=True)


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


@commands.command()
def approve(
    context: typer.Context,
    *,
    environment: options.Environment,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Let a schedule go on that stopped since too many nights were overdue; they are then noted as missed."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        stopped = place.stopped_schedule
        if stopped is None:
            raise RefusedError(f"the nightly schedule of {environment_name(place)} has not stopped")
        if not yes:
            session.err.print(nights.stopped_schedule(stopped))
            typer.confirm("Is the clock right, and were these nights missed?", abort=True, err=True)
        changed = gateway.approve_schedule(place.environment_id, stopped.stop_id)
    session.tell(changed, details.environment(changed))

"""`nightkeep sweep`: let a sweep go on that stopped because it would have let too much go at once."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.errors import RefusedError
from services.cli.names import as_id, environment_name, find_environment
from services.cli.session import session_of
from services.cli.show import details, nights

commands = typer.Typer(name="sweep", help="Sweeps that stopped at their cap: approve.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Sweeps that stopped at their cap."""


@commands.command()
def approve(
    context: typer.Context,
    *,
    environment: options.Environment,
    sweep: Annotated[str | None, typer.Argument(help="The sweep's id; without it, the one that has stopped.")] = None,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Let a stopped sweep go on; what it would let go is shown first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        stopped = place.stopped_sweep
        if stopped is None and sweep is None:
            raise RefusedError(f"no sweep has stopped in {environment_name(place)}")
        if stopped is not None and not yes:
            session.err.print(nights.stopped_sweep(stopped))
            typer.confirm("Are the clock and the policy right, and shall they go?", abort=True, err=True)
        chosen = as_id(sweep, "sweep") if sweep else stopped.sweep_id if stopped else None
        if chosen is None:
            raise AssertionError("one of the two is there")
        changed = gateway.approve_sweep(place.environment_id, chosen)
    session.tell(changed, details.environment(changed))

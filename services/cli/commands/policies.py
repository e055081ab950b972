"""`nightkeep policy`: how long backups are kept; what another rule would do, before it does."""

from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.retention import PRESETS
from contracts.simulation import Simulation
from services.cli.client import Gateway
from services.cli.commands import options
from services.cli.description import read_description
from services.cli.errors import NotFoundError, RefusedError
from services.cli.names import as_id, find_policy_place
from services.cli.retention_calls import PolicyPlace
from services.cli.session import session_of
from services.cli.show import policies as shown
from services.cli.show import simulations
from services.cli.validation import checked
from services.cli.windows import read_window
from services.gateway.resources import NewPolicy, PolicyChange, WantedPolicy

commands = typer.Typer(
    name="policy", help="How long backups are kept: show, set, simulate, approve, withdraw.", no_args_is_help=True
)

_OWN = "A policy of one's own"

Place = Annotated[str, typer.Argument(help="An environment (`app/name` or id) or a whole app (its slug or id).")]
Change = Annotated[str, typer.Argument(help="A policy change's id, as `policy set` and `policy show` tell it.")]
Preset = Annotated[str | None, typer.Argument(help=f"A preset: {', '.join(PRESETS)}.")]
Inherit = Annotated[bool, typer.Option("--inherit", help="No policy here: follow the app's, or the default.")]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="A policy in JSON, YAML or TOML.", dir_okay=False, rich_help_panel=_OWN),
]
Named = Annotated[str, typer.Option("--name", help="What it is called.", rich_help_panel=_OWN)]
Daily = Annotated[
    str | None, typer.Option("--daily", metavar="SPAN", help="Every backup: 14d, 2w, 3m, 1y.", rich_help_panel=_OWN)
]
Weekly = Annotated[str | None, typer.Option("--weekly", metavar="SPAN", help="Sundays.", rich_help_panel=_OWN)]
Monthly = Annotated[
    str | None, typer.Option("--monthly", metavar="SPAN", help="First Sundays of a month.", rich_help_panel=_OWN)
]
OnDemand = Annotated[
    str | None,
    typer.Option("--on-demand", metavar="SPAN", help="On-demand ones, whatever their day.", rich_help_panel=_OWN),
]
FillGaps = Annotated[
    bool,
    typer.Option("--fill-gaps", help="The next nightly makes up for a Sunday without one.", rich_help_panel=_OWN),
]


@commands.command()
def show(context: typer.Context, *, place: Place, as_json: options.AsJson = False) -> None:
    """Show the policy that new backups follow, who gave it, and a change that is on its way."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.policy(find_policy_place(gateway, place))
    session.tell(found, shown.in_force(found))


@commands.command()
def simulate(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    place: Place,
    preset: Preset = None,
    inherit: Inherit = False,
    file: File = None,
    name: Named = "own",
    daily: Daily = None,
    weekly: Weekly = None,
    monthly: Monthly = None,
    on_demand: OnDemand = None,
    fill_gaps: FillGaps = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what another policy would do to the backups that there are, and what would go when; change nothing.

    The digest names the expiries that it would move. With the policy of a change that waits to be approved it is that
    change's, until the time of one of those backups is over.
    """
    session = session_of(context, as_json=as_json)
    own = _own(name, {"daily": daily, "weekly": weekly, "monthly": monthly, "on_demand": on_demand}, fill_gaps)
    wanted = checked(WantedPolicy, {"policy": _meant(preset, file, own, inherit=inherit)})
    with session.gateway() as gateway:
        where = find_policy_place(gateway, place)
        found = gateway.simulate_policy(where, wanted)
    session.tell(found, simulations.simulation(found, where.name))


@commands.command("set")
def set_policy(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    place: Place,
    preset: Preset = None,
    inherit: Inherit = False,
    file: File = None,
    name: Named = "own",
    daily: Daily = None,
    weekly: Weekly = None,
    monthly: Monthly = None,
    on_demand: OnDemand = None,
    fill_gaps: FillGaps = False,
    apply_to_existing: Annotated[
        bool, typer.Option("--apply-to-existing", help="For backups that there are, too; it has to be approved.")
    ] = False,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Give an app or an environment a policy, for new backups at once."""
    session = session_of(context, as_json=as_json)
    own = _own(name, {"daily": daily, "weekly": weekly, "monthly": monthly, "on_demand": on_demand}, fill_gaps)
    given = {"policy": _meant(preset, file, own, inherit=inherit), "apply_to_existing": apply_to_existing}
    with session.gateway() as gateway:
        where = find_policy_place(gateway, place)
        change = gateway.change_policy(where, checked(NewPolicy, given), idempotency_key=idempotency_key)
    session.tell(change, shown.change(change))


@commands.command()
def approve(
    context: typer.Context, *, change: Change, yes: options.Yes = False, as_json: options.AsJson = False
) -> None:
    """Apply a change to existing backups as it was simulated, once its cooling-off is over.

    Unless --yes is given, the backups that it moves are shown first, as `policy simulate` shows them.
    """
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.policy_change(as_id(change, "policy change"))
        if found.digest is None:
            raise RefusedError("this change is for new backups alone: there is nothing to approve")
        if not yes:
            session.err.print(shown.change(found), simulations.again(found, _simulated_again(gateway, found)))
            typer.confirm("Apply it?", abort=True, err=True)
        approved = gateway.approve_policy_change(found.policy_change_id, found.digest)
    session.tell(approved, shown.change(approved))


@commands.command()
def withdraw(context: typer.Context, *, change: Change, as_json: options.AsJson = False) -> None:
    """Leave existing backups as they are; for new ones the policy stays."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        withdrawn = gateway.withdraw_policy_change(as_id(change, "policy change"))
    session.tell(withdrawn, shown.change(withdrawn))


def _simulated_again(gateway: Gateway, change: PolicyChange) -> Simulation | None:
    """What its policy does now, where it holds; None where that place is there no more."""
    place = PolicyPlace.of_app(change.app_id)
    if change.environment_id is not None:
        place = PolicyPlace.of_environment(change.environment_id)
    preset = change.policy.name if change.policy and change.policy.name in PRESETS else None
    try:
        return gateway.simulate_policy(place, WantedPolicy(policy=preset or change.policy))
    except NotFoundError:
        return None


def _own(name: str, spans: dict[str, str | None], fill_gaps: bool) -> dict[str, Any] | None:  # noqa: FBT001 -- an option as it was given
    """The policy that options describe; None where none was given."""
    windows = {tier: read_window(span) for tier, span in spans.items() if span is not None}
    return {"name": name, "fill_gaps": fill_gaps, **windows} if windows or fill_gaps else None


def _meant(preset: str | None, file: Path | None, own: dict[str, Any] | None, *, inherit: bool) -> Any:  # noqa: ANN401 -- to be checked
    """What one of the four ways says. Raises BadParameter when none or several were used."""
    ways = [preset, None if file is None else read_description(file), own]
    said = [way for way in ways if way is not None]
    if len(said) + inherit != 1:
        raise typer.BadParameter("say one of: a preset, --file, windows of your own (--daily …), --inherit")
    return said[0] if said else None

"""`nightkeep repository keys`: the wrapped keys of the stored backups, and their replacement."""

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.commands import options
from services.cli.commands.stored import Directory, MasterKey, OneEnvironment, told
from services.cli.recovery import keys
from services.cli.recovery.keys import WrappedKeys
from services.cli.recovery.place import Place, opened
from services.cli.recovery.settings import place_from, recovery_public_key
from services.cli.session import session_of
from services.cli.show.repository import wrapped_keys
from services.platform.repository.keys import read_key_file

commands = typer.Typer(name="keys", help="The keys of stored backups: list, rewrap, rotate.", no_args_is_help=True)

OldMasterKey = Annotated[
    Path, typer.Option("--old-master-key", metavar="FILE", help="The key file that they are wrapped by now.")
]


DespiteFirstFormat = Annotated[
    bool,
    typer.Option("--despite-first-format", help="Go on where backups are left that only the old master key opens."),
]


@commands.command("list")
def list_keys(
    context: typer.Context,
    *,
    directory: Directory = None,
    master_key: MasterKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Show by which master key each environment's data keys are wrapped, and whether the recovery key opens them."""
    session = session_of(context, as_json=as_json)
    with told():
        found = asyncio.run(_listed(place_from(directory, master_key, None)))
    session.tell(found, wrapped_keys(found) if found else "no keys there")


@commands.command()
def rewrap(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    old_master_key: OldMasterKey,
    directory: Directory = None,
    master_key: MasterKey = None,
    despite_first_format: DespiteFirstFormat = False,
    as_json: options.AsJson = False,
) -> None:
    """Wrap all data keys by the present master key. Stop the services first, and start them with the new one.

    No stored byte is written anew. Named as old and new, the same key adds a recovery key that came later. Backups of
    the first format have no data key: where some are left, another master key is refused.
    """
    session = session_of(context, as_json=as_json)
    with told():
        place = place_from(directory, master_key, None)
        found = asyncio.run(_rewrapped(place, old_master_key, despite_first_format=despite_first_format))
    session.tell(found, wrapped_keys(found))


@commands.command()
def rotate(
    context: typer.Context,
    *,
    environment: OneEnvironment = None,
    directory: Directory = None,
    master_key: MasterKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Have what is stored from now on lie under new data keys; what is there stays under the earlier ones."""
    session = session_of(context, as_json=as_json)
    with told():
        found = asyncio.run(_rotated(place_from(directory, master_key, None), environment))
    session.tell(found, wrapped_keys(found))


async def _listed(place: Place) -> list[WrappedKeys]:
    async with opened(place) as found:
        return await keys.listed(found)


async def _rewrapped(place: Place, old_master_key: Path, *, despite_first_format: bool) -> list[WrappedKeys]:
    master, recovery, old = await asyncio.to_thread(
        lambda: (place.read_key(), recovery_public_key(), read_key_file(old_master_key))
    )
    async with opened(place) as found:
        return await keys.rewrap(found, master, recovery, old, despite_first_format=despite_first_format)


async def _rotated(place: Place, environment_id: UUID | None) -> list[WrappedKeys]:
    master, recovery = await asyncio.to_thread(lambda: (place.read_key(), recovery_public_key()))
    async with opened(place) as found:
        return await keys.rotate(found, master, recovery, environment_id)

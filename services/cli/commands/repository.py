"""`nightkeep repository`: the stored backups, read with a key alone, whether or not anything of Nightkeep runs."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from pydantic import BaseModel

from services.cli.commands import options, wrapped_keys
from services.cli.commands.rebuilding import rebuild
from services.cli.commands.stored import Directory, MasterKey, OneEnvironment, told
from services.cli.exits import Exit
from services.cli.names import as_id
from services.cli.recovery import inventory
from services.cli.recovery.checking import (
    CheckedEnvironment,
    MeasuredEnvironment,
    check_environment,
    measure_environment,
)
from services.cli.recovery.exporting import Export, Exported, first_problems
from services.cli.recovery.inventory import KeptBackup
from services.cli.recovery.place import Found, Place, opened
from services.cli.recovery.settings import place_from
from services.cli.session import Session, session_of
from services.cli.show import formats
from services.cli.show.downloads import bytes_bar
from services.cli.show.repository import checks, kept_backups, spaces
from services.platform.repository.verify import WHOLE

commands = typer.Typer(
    name="repository",
    help="The stored backups, with a key alone and nothing that runs: list, export, check, space; rebuild a catalog.",
    no_args_is_help=True,
)

commands.add_typer(wrapped_keys.commands)
commands.command()(rebuild)

PROBLEMS_SHOWN: Final = 20

RecoveryKey = Annotated[
    Path | None,
    typer.Option("--recovery-key", metavar="FILE", help="The private half of the recovery key, instead."),
]
To = Annotated[Path, typer.Option("--to", metavar="DIRECTORY", help="The directory to make; it must not be there yet.")]
DatabaseOnly = Annotated[bool, typer.Option("--database-only", help="Only the database.")]
FilesOnly = Annotated[bool, typer.Option("--files-only", help="Only the file documents.")]


ReadData = Annotated[
    int,
    typer.Option("--read-data", min=0, max=100, metavar="PERCENT", help="Read so many percent of the packs, too."),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, help="Which packs: with 25 %, the seeds 0, 25, 50 and 75 read all. Random else, told."
    ),
]


class ExportEnd(BaseModel):
    """What an export wrote, and where."""

    directory: Path
    documents: int
    bytes: int
    problems: int


@commands.command("list")
def list_backups(
    context: typer.Context,
    *,
    directory: Directory = None,
    master_key: MasterKey = None,
    recovery_key: RecoveryKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Show every backup in the store, newest first in its environment."""
    session = session_of(context, as_json=as_json)
    with told():
        found = asyncio.run(_listed(place_from(directory, master_key, recovery_key)))
    session.tell(found, kept_backups(found) if found else "no backups there")
    if any(backup.problem for backup in found):
        raise typer.Exit(Exit.FAILED)


@commands.command()
def export(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    to: To,
    directory: Directory = None,
    master_key: MasterKey = None,
    recovery_key: RecoveryKey = None,
    database_only: DatabaseOnly = False,
    files_only: FilesOnly = False,
    as_json: options.AsJson = False,
) -> None:
    """Write a backup's dump and file documents into a new directory. What is damaged is named, the rest is written."""
    if database_only and files_only:
        raise typer.BadParameter("--database-only and --files-only leave nothing: give one of them, or none")
    session = session_of(context, as_json=as_json)
    backup_id = as_id(backup, "backup")
    parts = (not files_only, not database_only)
    with told():
        done = asyncio.run(_exported(session, place_from(directory, master_key, recovery_key), backup_id, to, parts))
    ended = ExportEnd(directory=to, documents=done.documents, bytes=done.bytes, problems=done.problems)
    session.tell(ended, f"{to}: {done.documents:,} documents, {formats.size(done.bytes)} in all")
    if done.problems:
        for problem in first_problems(to, PROBLEMS_SHOWN):
            session.note(formats.printable(problem))
        session.note(f"{done.problems:,} could not be had back; all are named in {to}/problems.jsonl")
        raise typer.Exit(Exit.FAILED)


@commands.command()
def check(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: OneEnvironment = None,
    read_data: ReadData = 0,
    seed: Seed = None,
    directory: Directory = None,
    master_key: MasterKey = None,
    recovery_key: RecoveryKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Look whether all that the backups need is there. Damage is named by backup, document and table.

    Bytes are read with --read-data alone: damage within them is found by no other way.
    """
    session = session_of(context, as_json=as_json)
    chosen = secrets.randbelow(WHOLE) if seed is None else seed
    with told():
        place = place_from(directory, master_key, recovery_key)
        checked = asyncio.run(_checked(session, place, environment, read_data, chosen))
    session.tell(checked, checks(checked))
    if any(one.damage_count for one in checked):
        raise typer.Exit(Exit.FAILED)


@commands.command()
def space(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: OneEnvironment = None,
    directory: Directory = None,
    master_key: MasterKey = None,
    recovery_key: RecoveryKey = None,
    as_json: options.AsJson = False,
) -> None:
    """Add up what each environment's backups take: restored, stored, shared by several, needed by none."""
    session = session_of(context, as_json=as_json)
    with told():
        found = asyncio.run(_measured(place_from(directory, master_key, recovery_key), environment))
    session.tell(found, spaces(found) if found else "no environments there")


async def _measured(place: Place, environment_id: UUID | None) -> list[MeasuredEnvironment]:
    async with opened(place) as found:
        wanted = [environment_id] if environment_id else await inventory.environments(found)
        return [await measure_environment(found, each) for each in wanted]


async def _checked(
    session: Session, place: Place, environment_id: UUID | None, read_percent: int, seed: int
) -> list[CheckedEnvironment]:
    async with opened(place) as found:
        wanted = [environment_id] if environment_id else await inventory.environments(found)
        done = list[CheckedEnvironment]()
        for each in wanted:
            session.note(f"checking the environment {each}")
            done.append(await check_environment(found, each, read_percent, seed))
        return done


async def _listed(place: Place) -> list[KeptBackup]:
    async with opened(place) as found:
        backups = [one for each in await inventory.environments(found) async for one in inventory.backups(found, each)]
    # Two stable sorts: by time backwards, then by environment.
    backups.sort(key=lambda one: one.created_at.timestamp() if one.created_at else 0, reverse=True)
    return sorted(backups, key=lambda one: str(one.environment_id))


async def _exported(session: Session, place: Place, backup_id: UUID, to: Path, parts: tuple[bool, bool]) -> Exported:
    async with opened(place) as found:
        return await _export(session, found, backup_id, to, parts)


async def _export(session: Session, found: Found, backup_id: UUID, to: Path, parts: tuple[bool, bool]) -> Exported:
    database, files = parts
    manifest = await inventory.manifest_of(found, backup_id)
    size_bytes = manifest.database.bytes * database + manifest.files.bytes * files
    with bytes_bar(session.err, "exporting", to.name, size_bytes) as on_bytes:
        repository = found.repository.of(manifest.environment_id)
        return await Export(repository, manifest, to, on_bytes).run(database=database, files=files)

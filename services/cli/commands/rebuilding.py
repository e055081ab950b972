"""`nightkeep repository rebuild`: a catalog that was lost with its log gets its backups back from the bucket."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import typer

from services.cli.client import Gateway
from services.cli.commands import options
from services.cli.commands.stored import MasterKey, OneEnvironment, told
from services.cli.errors import GatewayError, NotFoundError, RefusedError
from services.cli.exits import Exit
from services.cli.recovery import inventory
from services.cli.recovery.inventory import KeptBackup
from services.cli.recovery.place import Place, opened
from services.cli.recovery.rebuilding import NotRecovered, RebuiltEnvironment
from services.cli.recovery.settings import place_from
from services.cli.session import Session, session_of
from services.cli.show.repository import rebuilt

THERE: Final = "ALREADY_EXISTS"
"""What the catalog says of a backup that it knows, or has known: one that was deleted does not come back."""


def rebuild(
    context: typer.Context,
    *,
    environment: OneEnvironment = None,
    master_key: MasterKey = None,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
) -> None:
    """Bring the backups of the bucket back into a catalog that was lost, through the services that run now.

    Apps and environments are registered before, under the ids that they had (`--id`); those that are not are named. It
    may be run again: what is there is left alone.
    """
    session = session_of(context, as_json=as_json)
    with told():
        found = asyncio.run(inventory_of(place_from(None, master_key, None)))
    wanted = [one for one in found if environment in (None, one.environment_id)]
    with session.gateway() as gateway:
        done = [one for each in _by_environment(wanted) for one in _rebuilt(session, gateway, each, timeout)]
    session.tell(done, rebuilt(done) if done else "no backups there")
    if any(not one.registered or one.not_recovered for one in done):
        raise typer.Exit(Exit.FAILED)


async def inventory_of(place: Place) -> list[KeptBackup]:
    """Every backup in the store, by environment, the oldest first; what cannot be read is last."""
    async with opened(place) as found:
        backups = [one for each in await inventory.environments(found) async for one in inventory.backups(found, each)]
    backups.sort(key=lambda one: (str(one.environment_id), one.problem is not None, one.created_at or 0))
    return backups


def _by_environment(backups: Sequence[KeptBackup]) -> Iterator[list[KeptBackup]]:
    for _, some in groupby(backups, key=lambda one: one.environment_id):
        yield list(some)


def _rebuilt(
    session: Session, gateway: Gateway, backups: Sequence[KeptBackup], timeout: float | None
) -> Iterator[RebuiltEnvironment]:
    """One environment: asked for one after the other, then waited for."""
    newest = newest_of(backups)
    environment_id = newest.environment_id
    done = RebuiltEnvironment(
        environment_id=environment_id, app_id=newest.app_id, name=newest.environment, backups=len(backups)
    )
    try:
        gateway.environment(environment_id)
    except NotFoundError:
        yield done
        return
    done.registered = True
    session.note(f"recovering {len(backups)} backups of the environment {environment_id}")
    asked = [one for one in backups if _ask(gateway, one, done)]
    for one in asked:
        ended = gateway.wait_for_backup(one.backup_id, timeout_seconds=timeout)
        if ended.failure:
            done.not_recovered.append(NotRecovered(backup_id=one.backup_id, reason=ended.failure.reason))
        else:
            done.recovered += 1
            done.pinned += ended.pinned
    yield done


def newest_of(backups: Sequence[KeptBackup]) -> KeptBackup:
    """The one that tells best what the environment was called; of nothing but unreadable ones any."""
    return next((one for one in reversed(backups) if one.problem is None), backups[0])


def _ask(gateway: Gateway, one: KeptBackup, done: RebuiltEnvironment) -> bool:
    """Whether its entry is being made again; else it is noted why not."""
    if one.problem is not None:
        done.not_recovered.append(NotRecovered(backup_id=one.backup_id, reason=one.problem))
        return False
    try:
        gateway.recover_backup(one.environment_id, one.backup_id)
    except (RefusedError, NotFoundError) as error:
        _note(error, one, done)
        return False
    return True


def _note(error: GatewayError, one: KeptBackup, done: RebuiltEnvironment) -> None:
    if error.code == THERE:
        done.there_already += 1
    else:
        done.not_recovered.append(NotRecovered(backup_id=one.backup_id, reason=str(error)))

"""Commands on restores."""

from contracts.actors import person
from contracts.commands.restores import CancelPreflight, CancelRestore, RequestPreflight, RequestRestore, UndoRestore
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import restores as rules
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.preflight import Preflight
from services.catalog.domain.state.restore import Restore
from services.catalog.handlers.decided import Decided, Request


async def request_restore(desk: Desk, command: RequestRestore, request: Request) -> Decided:
    """Accept a restore; from here on nothing else may change the destination."""
    environment = await desk.find(Environment, command.environment_id)
    backup = await desk.find(Backup, command.backup_id)
    restore = await desk.find(Restore, command.restore_id)
    requested_by = person(request.actor)
    event = rules.request_restore(restore, backup, environment, command, requested_by=requested_by, now=request.now)
    return Decided("restore", command.restore_id, event.app_id, (event,))


async def request_preflight(desk: Desk, command: RequestPreflight, _request: Request) -> Decided:
    """Have somebody look whether a restore would go well."""
    environment = await desk.find(Environment, command.environment_id)
    backup = await desk.find(Backup, command.backup_id)
    preflight = await desk.find(Preflight, command.preflight_id)
    event = rules.request_preflight(preflight, backup, environment, command)
    return Decided("preflight", command.preflight_id, event.app_id, (event,))


async def cancel_preflight(desk: Desk, command: CancelPreflight, _request: Request) -> Decided:
    """Ask for its end."""
    preflight = rules.known_preflight(await desk.find(Preflight, command.preflight_id), command.preflight_id)
    event = rules.cancel_preflight(preflight, command)
    return Decided("preflight", command.preflight_id, preflight.app_id, (event,))


async def cancel_restore(desk: Desk, command: CancelRestore, _request: Request) -> Decided:
    """Ask for its end."""
    restore = await desk.find(Restore, command.restore_id)
    event = rules.cancel_restore(restore, command)
    return Decided("restore", command.restore_id, rules.known(restore, command.restore_id).app_id, (event,))


async def undo_restore(desk: Desk, command: UndoRestore, request: Request) -> Decided:
    """Ask for what it replaced."""
    restore = rules.known(await desk.find(Restore, command.restore_id), command.restore_id)
    environment = await desk.find(Environment, restore.environment_id)
    requested_by = person(request.actor)
    event = rules.undo_restore(restore, environment, command, requested_by=requested_by, now=request.now)
    return Decided("restore", command.restore_id, restore.app_id, (event,))

"""Commands on backups."""

from collections.abc import Callable
from typing import Any

from contracts.actors import person
from contracts.commands.backups import (
    CancelBackup,
    CommentBackup,
    PinBackup,
    RecoverBackup,
    RequestBackup,
    UnpinBackup,
)
from contracts.envelope import Event
from contracts.retention import effective
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import backups as rules
from services.catalog.domain.state.app import App
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.handlers.decided import Decided, Request
from services.catalog.holding import with_change_of_hold


async def request_backup(desk: Desk, command: RequestBackup, request: Request) -> Decided:
    """Accept a backup, with its expiry; whether a nightly one fills a gap, the ends of earlier slots tell."""
    backup = await desk.find(Backup, command.backup_id)
    environment = await desk.find(Environment, command.environment_id)
    created_by = person(request.actor)
    app = await desk.find(App, environment.app_id) if environment else None
    policy = effective(environment.policy if environment else None, app.policy if app else None)
    event = rules.request_backup(backup, environment, command, created_by=created_by, now=request.now, policy=policy)
    fills = command.slot is not None and policy.fill_gaps
    return Decided("backup", command.backup_id, event.app_id, (event,), by_others=fills)


async def recover_backup(desk: Desk, command: RecoverBackup, request: Request) -> Decided:
    """Make its entry again, pinned where its time is over."""
    backup = await desk.find(Backup, command.backup_id)
    environment = await desk.find(Environment, command.environment_id)
    events = rules.recover_backup(backup, environment, command, now=request.now)
    return Decided("backup", command.backup_id, events[0].app_id, events)


async def comment_backup(desk: Desk, command: CommentBackup, _request: Request) -> Decided:
    """Replace its comment."""
    return await _on(desk, command, rules.comment_backup)


async def pin_backup(desk: Desk, command: PinBackup, _request: Request) -> Decided:
    """Hold it past its expiry."""
    return await _on(desk, command, rules.pin_backup)


async def unpin_backup(desk: Desk, command: UnpinBackup, request: Request) -> Decided:
    """Let it expire again; what else holds it past its expiry, or that nothing does, is said."""
    backup = await desk.find(Backup, command.backup_id)
    event = rules.unpin_backup(backup, command)
    backup = rules.known(backup, command.backup_id)
    return Decided(
        "backup", command.backup_id, backup.app_id, await with_change_of_hold(desk, backup, event, now=request.now)
    )


async def cancel_backup(desk: Desk, command: CancelBackup, _request: Request) -> Decided:
    """Ask for its end."""
    return await _on(desk, command, rules.cancel_backup)


async def _on(desk: Desk, command: Any, rule: Callable[[Backup | None, Any], Event]) -> Decided:  # noqa: ANN401 -- any of the commands above
    backup = await desk.find(Backup, command.backup_id)
    event = rule(backup, command)
    return Decided("backup", command.backup_id, rules.known(backup, command.backup_id).app_id, (event,))

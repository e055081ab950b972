"""Which wire names exist, and which class stands for each."""

from types import ModuleType
from typing import Final

from contracts import progress
from contracts.commands import apps as app_commands
from contracts.commands import backups as backup_commands
from contracts.commands import policies as policy_commands
from contracts.commands import restores as restore_commands
from contracts.commands import retention as retention_commands
from contracts.commands import uploads as upload_commands
from contracts.envelope import Body, Kind
from contracts.events import access as access_events
from contracts.events import alerts as alert_events
from contracts.events import apps as app_events
from contracts.events import archives as archive_events
from contracts.events import backups as backup_events
from contracts.events import commands as command_events
from contracts.events import policies as policy_events
from contracts.events import restores as restore_events
from contracts.events import retention as retention_events
from contracts.events import shredding as shredding_events
from contracts.events import slots as slot_events
from contracts.events import uploads as upload_events

_MODULES: Final = (
    app_commands,
    backup_commands,
    restore_commands,
    upload_commands,
    retention_commands,
    policy_commands,
    app_events,
    backup_events,
    slot_events,
    command_events,
    restore_events,
    upload_events,
    retention_events,
    shredding_events,
    policy_events,
    alert_events,
    archive_events,
    access_events,
    progress,
)


def _bodies(module: ModuleType) -> list[type[Body]]:
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Body)]
    return [body for body in found if body.__module__ == module.__name__ and not body.__name__.startswith("_")]


BODIES: Final[dict[tuple[Kind, str], type[Body]]] = {
    (body.KIND, body.__name__): body for module in _MODULES for body in _bodies(module)
}


def wire_type(body: type[Body]) -> str:
    """The `ce_type` of a body, like `nightkeep.event.BackupCompleted.v1`."""
    return f"nightkeep.{body.KIND.value}.{body.__name__}.v{body.VERSION}"

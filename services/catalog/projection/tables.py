"""The tables of the read model: which events concern a row, and how each is folded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from contracts.envelope import Event, Message
from contracts.events.retention import RepositoryChecked, SpaceReclaimed
from contracts.events.slots import SlotEnded, SlotPlanned
from services.catalog.domain.state import concerns
from services.catalog.domain.state.app import App
from services.catalog.domain.state.app import evolve as app_view
from services.catalog.projection.views import backup, environment, policy_change, restore, slot, upload

Key = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, eq=False)
class Table:
    """One table: which events concern its rows, their fold, the fields that name a row, and the columns beside them."""

    name: str
    concerned_by: frozenset[type[Event]]
    model: type[BaseModel]
    fold: Callable[[Any, Message[Any]], Any]
    named_by: tuple[str, ...]
    columns: tuple[str, ...]

    def key(self, event: Event) -> Key | None:
        """The row that `event` concerns; None where it concerns none."""
        if type(event) not in self.concerned_by:
            return None
        fields = vars(event)  # a field that is not there is dear to look for in the event itself
        named = tuple([fields.get(field) for field in self.named_by])
        return None if None in named else (self.name, named)


def _of_body(view: Callable[[Any, Any], Any]) -> Callable[[Any, Message[Any]], Any]:
    return lambda before, message: view(before, message.body)


_APP = Table("app", frozenset(concerns.APP), App, _of_body(app_view), ("app_id",), ("slug", "removed"))
_ENVIRONMENT = Table(
    "environment",
    frozenset({*concerns.ENVIRONMENT, SpaceReclaimed, RepositoryChecked}),
    environment.EnvironmentView,
    _of_body(environment.view),
    ("environment_id",),
    ("app_id", "name", "removed"),
)
BACKUP: Final = Table(
    "backup",
    frozenset(concerns.BACKUP),
    backup.BackupView,
    _of_body(backup.view),
    ("backup_id",),
    ("environment_id", "state", "created_at"),
)
RESTORE: Final = Table(
    "restore",
    frozenset(concerns.RESTORE),
    restore.RestoreView,
    _of_body(restore.view),
    ("restore_id",),
    ("environment_id", "state", "requested_at"),
)
_PREFLIGHT = Table(
    "preflight",
    frozenset(concerns.PREFLIGHT),
    restore.PreflightView,
    _of_body(restore.preflight_view),
    ("preflight_id",),
    ("environment_id",),
)
UPLOAD = Table(
    "upload",
    frozenset(concerns.UPLOAD),
    upload.UploadView,
    _of_body(upload.view),
    ("upload_id",),
    ("environment_id", "state", "requested_at"),
)
_SLOT = Table(
    "slot",
    frozenset({SlotPlanned, SlotEnded}),
    slot.SlotView,
    _of_body(slot.view),
    ("environment_id", "slot_date"),
    ("state",),
)
_POLICY_CHANGE = Table(
    "policy_change",
    frozenset(concerns.POLICY_CHANGE),
    policy_change.PolicyChangeView,
    policy_change.view,
    ("policy_change_id",),
    ("app_id", "environment_id", "changed_at"),
)
TABLES: Final = (_APP, _ENVIRONMENT, BACKUP, RESTORE, _PREFLIGHT, UPLOAD, _SLOT, _POLICY_CHANGE)


@cache
def concerned(event: type[Event]) -> tuple[Table, ...]:
    """The tables with a row that such an event may concern."""
    return tuple(table for table in TABLES if event in table.concerned_by)


REMEMBERED: Final = frozenset({*concerns.BACKUP, *concerns.RESTORE, *concerns.UPLOAD, SlotEnded})
"""What is kept in the history of the backup that it is about."""

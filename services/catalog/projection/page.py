"""The read model's rows that one transaction changes: each is read once, folded in memory, and written once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from contracts.envelope import Event
from services.catalog.domain.state import concerns
from services.catalog.domain.state.app import App
from services.catalog.domain.state.app import evolve as app_view
from services.catalog.projection.views.backup import BackupView
from services.catalog.projection.views.backup import view as backup_view
from services.catalog.projection.views.environment import EnvironmentView
from services.catalog.projection.views.environment import view as environment_view
from services.catalog.projection.views.restore import PreflightView, RestoreView, preflight_view
from services.catalog.projection.views.restore import view as restore_view
from services.platform.database import Connection, load_queries

queries = load_queries("services.catalog.projection")


@dataclass(frozen=True)
class Table:
    """One table: which events concern its rows, their fold, and the columns beside the document."""

    name: str
    concerned_by: concerns.Events
    model: type[BaseModel]
    fold: Callable[[Any, Event], Any]
    columns: tuple[str, ...]

    @property
    def id_field(self) -> str:
        """The field of events that names the row."""
        return f"{self.name}_id"


TABLES: Final = (
    Table("app", concerns.APP, App, app_view, ("slug", "removed")),
    Table("environment", concerns.ENVIRONMENT, EnvironmentView, environment_view, ("app_id", "name", "removed")),
    Table("backup", concerns.BACKUP, BackupView, backup_view, ("environment_id", "state", "created_at")),
    Table("restore", concerns.RESTORE, RestoreView, restore_view, ("environment_id", "state", "requested_at")),
    Table("preflight", concerns.PREFLIGHT, PreflightView, preflight_view, ("environment_id",)),
)
FOLLOWED: Final[frozenset[type[Event]]] = frozenset(event for table in TABLES for event in table.concerned_by)
"""Every event that the read model shows."""

Key = tuple[str, UUID]


class Page:
    """What one transaction knows of the read model; `write` at its end."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._rows: dict[Key, Any] = {}
        self._changed: set[Key] = set()

    async def note(self, event: Event) -> None:
        """Fold `event` into all rows that it concerns, or into none.

        Raises ForbiddenMoveError when a row's machine does not know the move.
        """
        concerned = [table for table in TABLES if isinstance(event, table.concerned_by)]
        folded = [(self._key(table, event), table.fold(await self._find(table, event), event)) for table in concerned]
        present = {key: row for key, row in folded if row is not None}
        self._rows |= present
        self._changed |= present.keys()

    async def write(self) -> None:
        """Write what has changed."""
        for table in TABLES:
            rows = [self._columns(table, key) for key in sorted(self._changed) if key[0] == table.name]
            if rows:
                await getattr(queries, f"save_{table.name}s")(self._c, rows)

    async def _find(self, table: Table, event: Event) -> Any:  # noqa: ANN401 -- the table's model
        key = self._key(table, event)
        if key not in self._rows:
            document = await getattr(queries, f"find_{table.name}")(self._c, entity_id=key[1])
            self._rows[key] = document and table.model.model_validate(document)
        return self._rows[key]

    def _key(self, table: Table, event: Event) -> Key:
        return table.name, getattr(event, table.id_field)

    def _columns(self, table: Table, key: Key) -> dict[str, Any]:
        row = self._rows[key]
        beside = {column: getattr(row, column) for column in table.columns}
        return {"entity_id": key[1], "document": row.model_dump(mode="json"), **beside}

"""The read model's rows that one transaction changes: each is read once, folded in memory, and written once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Event, Message
from contracts.explanation import line
from services.catalog.projection.audit import GOING, entry, rule_of
from services.catalog.projection.tables import BACKUP, REMEMBERED, RESTORE, TABLES, UPLOAD, Key, Table, concerned
from services.platform.database import Connection, load_queries

queries = load_queries("services.catalog.projection")


@dataclass(slots=True)
class Row:
    """A row as the transaction knows it: its view (None: there is no such row yet), and new lines of its history."""

    table: Table
    key: Key
    view: Any = None
    changed: bool = False
    lines: list[str] = field(default_factory=list)

    def columns(self) -> dict[str, Any]:
        """What is written."""
        beside = {column: getattr(self.view, column) for column in (*self.table.named_by, *self.table.columns)}
        lines = {"line": f"[{','.join(self.lines)}]"} if self.table is BACKUP else {}
        return beside | {"document": self.view.model_dump_json()} | lines


class Page:
    """What one transaction knows of the read model; `write` at its end."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._rows: dict[Key, Row] = {}
        self._audit: list[dict[str, Any]] = []

    async def look_up(self, bodies: Sequence[Event]) -> None:
        """Read the rows that `bodies` concern: one question for each table, however many they are."""
        wanted: defaultdict[Table, dict[Key, None]] = defaultdict(dict)
        for body in bodies:
            for table, key in _keys(body):
                wanted[table][key] = None
        for table, keys in wanted.items():
            await self._read(table, list(keys - self._rows.keys()))

    async def note(self, message: Message[Event]) -> None:
        """Fold an event into all rows that it concerns, or into none, into the history of its backup and the audit.

        Raises ForbiddenMoveError when a row's machine does not know the move.
        """
        rows = [await self._find(table, key) for table, key in _keys(message.body)]
        folded = [row.table.fold(row.view, message) for row in rows]
        for row, view in zip(rows, folded, strict=True):
            if view is not row.view and view is not None:
                row.view, row.changed = view, True
        said = message.body.model_dump(mode="json")
        await self._remember(message, said)
        self._audit.append(entry(message, said, self._rule(message.body)))

    async def write(self) -> None:
        """Write what has changed."""
        changed: defaultdict[Table, list[Row]] = defaultdict(list)
        for row in self._rows.values():
            if row.changed:
                changed[row.table].append(row)
        for table in TABLES:
            if table in changed:
                columns = [row.columns() for row in changed[table]]
                await getattr(queries, f"save_{table.name}s")(self._c, **_turned(columns))
        await self._write_audit()

    async def _write_audit(self) -> None:
        placed = {row["environment_id"] for row in self._audit if row["app_id"] is None} - {None}
        if placed:
            await queries.lock_places(self._c, environment_ids=sorted(placed))
        if self._audit:
            await queries.save_audit(self._c, **_turned(self._audit))

    async def _remember(self, message: Message[Event], said: dict[str, Any]) -> None:
        if type(message.body) not in REMEMBERED:
            return
        work = RESTORE.key(message.body) or UPLOAD.key(message.body)
        about = self._view(work) if work in self._rows else message.body
        fields = vars(about) if about is not None else {}
        backup_id = fields.get("backup_id") or fields.get("safety_backup_id")
        if backup_id is None:
            return
        row = await self._find(BACKUP, (BACKUP.name, (backup_id,)))
        if row.view is not None:
            row.lines.append(line(message, said))
            row.changed = True

    def _rule(self, body: Event) -> dict[str, Any]:
        """By which rule the backup was kept that this event takes."""
        key = BACKUP.key(body) if isinstance(body, GOING) else None
        return {} if key is None else rule_of(self._view(key))

    def _view(self, key: Key | None) -> Any:  # noqa: ANN401 -- the table's model
        row = self._rows.get(key) if key else None
        return row.view if row else None

    async def _find(self, table: Table, key: Key) -> Row:
        row = self._rows.get(key)
        if row is None:
            await self._read(table, [key])
            row = self._rows[key]
        return row

    async def _read(self, table: Table, keys: Sequence[Key]) -> None:
        if not keys:
            return
        self._rows |= {key: Row(table, key) for key in keys}
        named = {f"{name}s": [key[1][place] for key in keys] for place, name in enumerate(table.named_by)}
        async for row in getattr(queries, f"find_{table.name}s")(self._c, **named):
            key = (table.name, tuple(row[name] for name in table.named_by))
            self._rows[key].view = table.model.model_validate(row["document"])


def _keys(event: Event) -> list[tuple[Table, Key]]:
    """The rows that an event concerns."""
    return [(table, key) for table in concerned(type(event)) if (key := table.key(event)) is not None]


def _turned(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns: one statement writes them all."""
    return {f"{name}s": [row[name] for row in rows] for name in rows[0]}

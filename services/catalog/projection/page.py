"""The read model's rows that one transaction changes: each is read once, folded in memory, and written once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.envelope import Event, Message
from contracts.explanation import line
from services.catalog.projection.audit import GOING, entry, rule_of
from services.catalog.projection.tables import BACKUP, REMEMBERED, RESTORE, TABLES, UPLOAD, Key, Table, concerned
from services.platform.database import Connection, load_queries

queries = load_queries("services.catalog.projection")


class Page:
    """What one transaction knows of the read model; `write` at its end."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._rows: dict[Key, Any] = {}
        self._changed: defaultdict[Table, set[Key]] = defaultdict(set)
        self._lines: defaultdict[Key, list[str]] = defaultdict(list)
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
        folded = [(table, key, table.fold(await self._find(table, key), message)) for table, key in _keys(message.body)]
        for table, key, row in folded:
            if row is not None:
                self._rows[key] = row
                self._changed[table].add(key)
        said = message.body.model_dump(mode="json")
        await self._remember(message, said)
        self._audit.append(entry(message, said, self._rule(message.body)))

    async def write(self) -> None:
        """Write what has changed."""
        for table in TABLES:
            rows = [self._columns(table, key) for key in self._changed[table]]
            if rows:
                await getattr(queries, f"save_{table.name}s")(self._c, **_turned(rows))
        placed = {row["environment_id"] for row in self._audit if row["app_id"] is None} - {None}
        if placed:
            await queries.lock_places(self._c, environment_ids=sorted(placed))
        if self._audit:
            await queries.save_audit(self._c, **_turned(self._audit))

    async def _remember(self, message: Message[Event], said: dict[str, Any]) -> None:
        if type(message.body) not in REMEMBERED:
            return
        work = RESTORE.key(message.body) or UPLOAD.key(message.body)
        about = self._rows.get(work, message.body) if work else message.body
        fields = vars(about) if about is not None else {}
        backup_id = fields.get("backup_id") or fields.get("safety_backup_id")
        key = (BACKUP.name, (backup_id,))
        if backup_id is not None and await self._find(BACKUP, key) is not None:
            self._lines[key].append(line(message, said))
            self._changed[BACKUP].add(key)

    def _rule(self, body: Event) -> dict[str, Any]:
        """By which rule the backup was kept that this event takes."""
        key = BACKUP.key(body) if isinstance(body, GOING) else None
        return {} if key is None else rule_of(self._rows.get(key))

    async def _find(self, table: Table, key: Key) -> Any:  # noqa: ANN401 -- the table's model
        if key not in self._rows:
            await self._read(table, [key])
        return self._rows[key]

    async def _read(self, table: Table, keys: Sequence[Key]) -> None:
        if not keys:
            return
        self._rows |= dict.fromkeys(keys)
        named = {f"{field}s": [key[1][place] for key in keys] for place, field in enumerate(table.named_by)}
        async for row in getattr(queries, f"find_{table.name}s")(self._c, **named):
            key = (table.name, tuple(row[field] for field in table.named_by))
            self._rows[key] = table.model.model_validate(row["document"])

    def _columns(self, table: Table, key: Key) -> dict[str, Any]:
        row = self._rows[key]
        beside = {column: getattr(row, column) for column in (*table.named_by, *table.columns)}
        lines = {"line": f"[{','.join(self._lines[key])}]"} if table is BACKUP else {}
        return beside | {"document": row.model_dump_json()} | lines


def _keys(event: Event) -> list[tuple[Table, Key]]:
    """The rows that an event concerns."""
    return [(table, key) for table in concerned(type(event)) if (key := table.key(event)) is not None]


def _turned(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns: one statement writes them all."""
    return {f"{name}s": [row[name] for row in rows] for name in rows[0]}

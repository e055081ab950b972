"""The read model's rows that one transaction changes: each is read once, folded in memory, and written once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from contracts.envelope import Event, Message
from contracts.explanation import HistoryLine, line
from services.catalog.projection.audit import GOING, entry, rule_of
from services.catalog.projection.tables import BACKUP, REMEMBERED, RESTORE, TABLES, UPLOAD, Key, Table
from services.platform.database import Connection, load_queries

queries = load_queries("services.catalog.projection")


class Page:
    """What one transaction knows of the read model; `write` at its end."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._rows: dict[Key, Any] = {}
        self._changed: set[Key] = set()
        self._lines: defaultdict[Key, list[HistoryLine]] = defaultdict(list)
        self._audit: list[dict[str, Any]] = []

    async def look_up(self, bodies: Sequence[Event]) -> None:
        """Read the rows that `bodies` concern: one question for each table, however many they are."""
        for table in TABLES:
            keys = {key for body in bodies if (key := table.key(body)) is not None} - self._rows.keys()
            if keys:
                await self._read(table, sorted(keys))

    async def note(self, message: Message[Event]) -> None:
        """Fold an event into all rows that it concerns, or into none, into the history of its backup and the audit.

        Raises ForbiddenMoveError when a row's machine does not know the move.
        """
        concerned = [(table, key) for table in TABLES if (key := table.key(message.body)) is not None]
        folded = [(key, table.fold(await self._find(table, key), message)) for table, key in concerned]
        present = {key: row for key, row in folded if row is not None}
        self._rows |= present
        self._changed |= present.keys()
        await self._remember(message)
        self._audit.append(entry(message, self._rule(message.body)))

    async def write(self) -> None:
        """Write what has changed."""
        for table in TABLES:
            rows = [self._columns(table, key) for key in sorted(self._changed) if key[0] == table.name]
            if rows:
                await getattr(queries, f"save_{table.name}s")(self._c, rows)
        if self._audit:
            columns = {f"{name}s": [row[name] for row in self._audit] for name in self._audit[0]}
            await queries.lock_places(self._c, environment_ids=columns["environment_ids"], app_ids=columns["app_ids"])
            await queries.save_audit(self._c, **columns)

    async def _remember(self, message: Message[Event]) -> None:
        if not isinstance(message.body, REMEMBERED):
            return
        work = RESTORE.key(message.body) or UPLOAD.key(message.body)
        about = self._rows.get(work, message.body) if work else message.body
        key = (BACKUP.name, (getattr(about, "backup_id", getattr(about, "safety_backup_id", None)),))
        if key[1] != (None,) and await self._find(BACKUP, key) is not None:
            self._lines[key].append(line(message))
            self._changed.add(key)

    def _rule(self, body: Event) -> dict[str, Any]:
        """By which rule the backup was kept that this event takes."""
        key = BACKUP.key(body) if isinstance(body, GOING) else None
        return {} if key is None else rule_of(self._rows.get(key))

    async def _find(self, table: Table, key: Key) -> Any:  # noqa: ANN401 -- the table's model
        if key not in self._rows:
            await self._read(table, [key])
        return self._rows[key]

    async def _read(self, table: Table, keys: Sequence[Key]) -> None:
        self._rows |= dict.fromkeys(keys)
        named = {f"{field}s": [key[1][place] for key in keys] for place, field in enumerate(table.named_by)}
        async for row in getattr(queries, f"find_{table.name}s")(self._c, **named):
            key = (table.name, tuple(row[field] for field in table.named_by))
            self._rows[key] = table.model.model_validate(row["document"])

    def _columns(self, table: Table, key: Key) -> dict[str, Any]:
        row = self._rows[key]
        beside = {column: getattr(row, column) for column in (*table.named_by, *table.columns)}
        lines = [one.model_dump(mode="json") for one in self._lines[key]]
        return beside | {"document": row.model_dump(mode="json")} | ({"lines": lines} if table is BACKUP else {})

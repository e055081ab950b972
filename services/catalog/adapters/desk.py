"""The rows that one transaction decides from: locked when first looked at, changed by events, written at its end."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

from contracts.envelope import Event
from contracts.streams import stream
from services.catalog.domain.state import app, backup, concerns, environment, policy_change, preflight, restore, upload
from services.catalog.domain.state.aggregate import Aggregate
from services.catalog.domain.state.app import App
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import PolicyChange
from services.catalog.domain.state.preflight import Preflight
from services.catalog.domain.state.restore import Restore
from services.catalog.domain.state.upload import Upload
from services.platform.database import Connection, load_queries
from services.platform.database.errors import translated

queries = load_queries("services.catalog")

SERVICE: Final = "catalog"
A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True)
class Kind:
    """One kind of row: its name in streams, the field of events that names it, its fold and what concerns it."""

    name: str
    id_field: str
    evolve: Callable[[Any, Event], Any]
    concerned_by: concerns.Events


KINDS: Final[dict[type[Aggregate], Kind]] = {
    App: Kind("app", "app_id", app.evolve, concerns.APP),
    Environment: Kind("environment", "environment_id", environment.evolve, concerns.ENVIRONMENT),
    Backup: Kind("backup", "backup_id", backup.evolve, concerns.BACKUP),
    Restore: Kind("restore", "restore_id", restore.evolve, concerns.RESTORE),
    Preflight: Kind("preflight", "preflight_id", preflight.evolve, concerns.PREFLIGHT),
    Upload: Kind("upload", "upload_id", upload.evolve, concerns.UPLOAD),
    PolicyChange: Kind("policy_change", "policy_change_id", policy_change.evolve, concerns.POLICY_CHANGE),
}
"""In the order in which rows are locked."""

Key = tuple[type[Aggregate], UUID]


@cache
def _naming(body: type[Any]) -> tuple[tuple[type[Aggregate], Kind], ...]:
    """The kinds of rows that a message of this type has a field for: one that is not there is dear to look for."""
    return tuple((aggregate, kind) for aggregate, kind in KINDS.items() if kind.id_field in body.model_fields)


@dataclass
class _Row:
    state: Any = None
    changed: bool = False


class Desk:
    """What one transaction knows of the catalog's rows. Every later look sees what was decided before in it."""

    def __init__(self, c: Connection) -> None:
        self.c = c
        self._rows: dict[Key, _Row] = {}
        self._sequences: dict[str, int] = {}
        self._database_now: datetime | None = None

    async def prefetch(self, bodies: Iterable[Event | Any]) -> None:
        """Lock all rows that `bodies` name or are judged by, with one question for a whole poll."""
        named: list[Any] = list(bodies)
        wanted = await self._behind([body for body in named if isinstance(body, concerns.JUDGED_BY_MORE)])
        for body in named:
            for aggregate, kind in _naming(body.__class__):
                wanted[aggregate] |= {getattr(body, kind.id_field)} - {None}
        await self._lock((aggregate, entity_id) for aggregate in KINDS for entity_id in sorted(wanted[aggregate]))

    async def find(self, aggregate: type[A], entity_id: UUID) -> A | None:
        """The row's present state, locked; None when there is none."""
        if (aggregate, entity_id) not in self._rows:
            await self._lock([(aggregate, entity_id)])
        state: A | None = self._rows[aggregate, entity_id].state
        return state

    async def find_all(self, aggregate: type[A], ids: Iterable[UUID]) -> list[A]:
        """The present states of these rows, locked with one question; without those that there are not."""
        wanted = list(ids)
        await self._lock((aggregate, entity_id) for entity_id in sorted(set(wanted)))
        found = [self._rows[aggregate, one].state for one in wanted]
        return [state for state in found if state is not None]

    def decided(self, aggregate: type[A]) -> dict[UUID, A]:
        """The rows of this kind that have changed in this transaction and are not written yet."""
        return {
            entity_id: row.state for (kind, entity_id), row in self._rows.items() if kind is aggregate and row.changed
        }

    async def database_now(self) -> datetime:
        """PostgreSQL's own clock, which leases end by and nobody moves; asked once."""
        if self._database_now is None:
            self._database_now = await queries.database_now(self.c)
        return self._database_now

    def app_of(self, body: Any) -> UUID | None:  # noqa: ANN401 -- a command or an event
        """The app of the first row that `body` names and that there is."""
        return self._of_first("app_id", body)

    def environment_of(self, body: Any) -> UUID | None:  # noqa: ANN401 -- as above
        """The environment that `body` names, else that of the first row that it names and that there is."""
        return getattr(body, "environment_id", None) or self._of_first("environment_id", body)

    async def unknown(self, event: Event) -> list[str]:
        """The streams of rows that `event` concerns and that there are not."""
        concerned = [(aggregate, kind) for aggregate, kind in KINDS.items() if isinstance(event, kind.concerned_by)]
        return [
            stream(SERVICE, kind.name, entity_id)
            for aggregate, kind in concerned
            if await self.find(aggregate, entity_id := getattr(event, kind.id_field)) is None
        ]

    def place(self, of: str) -> int:
        """The sequence that the stream `of` has reached."""
        return self._sequences.get(of, 0)

    async def apply(self, event: Event, own_stream: str | None = None) -> None:
        """Fold `event` into every row that it concerns; `own_stream`, where it is the catalog's, moves on by one."""
        for aggregate, kind in _naming(type(event)):
            entity_id: UUID | None = getattr(event, kind.id_field)
            if entity_id is not None and isinstance(event, kind.concerned_by):
                state = kind.evolve(await self.find(aggregate, entity_id), event)
                self._rows[aggregate, entity_id].state = state
                self._rows[aggregate, entity_id].changed = state is not None
        if own_stream is not None:
            self._sequences[own_stream] = self.place(own_stream) + 1

    async def write(self) -> None:
        """Write what has changed. Raises ConflictError when somebody else wrote it first."""
        changed = {key: row for key, row in self._rows.items() if row.changed}
        if not changed:
            return
        streams = [stream(SERVICE, KINDS[aggregate].name, entity_id) for aggregate, entity_id in changed]
        with translated():
            await queries.save_aggregates(
                self.c,
                kinds=[KINDS[aggregate].name for aggregate, _ in changed],
                ids=[entity_id for _, entity_id in changed],
                app_ids=[row.state.app_id for row in changed.values()],
                sequences=[self.place(one) for one in streams],
                states=[row.state.model_dump(mode="json") for row in changed.values()],
            )

    def _of_first(self, field: str, body: Any) -> UUID | None:  # noqa: ANN401 -- as above
        for aggregate, kind in KINDS.items():
            row = self._rows.get((aggregate, getattr(body, kind.id_field, None)))  # type: ignore[arg-type]  # -- no id finds no row
            found: UUID | None = getattr(row.state, field, None) if row is not None else None
            if found is not None:
                return found
        return None

    async def _behind(self, bodies: Sequence[Any]) -> defaultdict[type[Aggregate], set[UUID]]:
        """The environments and apps of what `bodies` name; neither ever changes, so this look needs no lock."""
        named = {getattr(body, "backup_id", None) for body in bodies} | {
            getattr(body, "environment_id", None) for body in bodies
        }
        found: defaultdict[type[Aggregate], set[UUID]] = defaultdict(set)
        if ids := named - {None}:
            async for row in queries.belonging(self.c, ids=list(ids)):
                found[App].add(row["app_id"])
                found[Environment] |= {row["environment_id"]} - {None}
        return found

    async def _lock(self, keys: Iterable[Key]) -> None:
        wanted = {(KINDS[key[0]].name, key[1]): key for key in keys if key not in self._rows}
        if not wanted:
            return
        self._rows |= {key: _Row() for key in wanted.values()}
        kinds, ids = zip(*wanted, strict=True)
        async for row in queries.lock_aggregates(self.c, kinds=kinds, ids=ids):
            aggregate, entity_id = wanted[row["kind"], row["id"]]
            self._rows[aggregate, entity_id] = _Row(aggregate.model_validate(row["state"]))
            self._sequences[stream(SERVICE, row["kind"], entity_id)] = row["sequence"]

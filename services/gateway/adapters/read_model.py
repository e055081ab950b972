"""The read model as resources; what is not there, is removed or has expired is told as not found.

With `gone` it is found still: a change that is repeated under its key is answered as it was, whatever came after it.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from contracts.errors import RejectionCode
from contracts.explanation import Clocks, Explanation, HistoryLine, explain
from contracts.slot_times import Nights
from contracts.states import BackupState, RestoreState, SlotState
from contracts.streams import stream
from services.gateway.adapters.pages import page
from services.gateway.domain.accepted import queued
from services.gateway.domain.paging import Day, Instant, Spelling
from services.gateway.domain.refusals import NotFoundError
from services.gateway.domain.rights import Reach
from services.gateway.resources import (
    App,
    AppPage,
    Backup,
    BackupPage,
    Environment,
    EnvironmentPage,
    Preflight,
    Restore,
    RestorePage,
    Shredding,
    Slot,
    SlotPage,
    Upload,
    UploadPage,
)
from services.platform.database import Database, Record, load_queries
from services.platform.process.errors import TransientError

_sql = load_queries("services.gateway")

M = TypeVar("M", bound=BaseModel)
_NIGHTS: Final = TypeAdapter(Nights)


@dataclass(frozen=True)
class Counts:
    """How much there is."""

    apps: int
    environments: int
    backups: Mapping[BackupState, int]
    restores: Mapping[RestoreState, int]


@dataclass(frozen=True)
class Numbered:
    """A page by number: the documents of backups, how many there are in all, and the newest of the page."""

    documents: list[dict[str, Any]]
    total: int
    newest: Instant | None


class ReadModel:
    """What the catalog's projection has written into the schema `read`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_there(self) -> bool:
        """Whether the catalog has made it and lets us read it."""
        async with self._database.look() as c:
            return bool(await _sql.is_there(c))

    async def must_be_there(self) -> None:
        """Raises TransientError while the catalog has not made it."""
        if not await self.is_there():
            raise TransientError("the catalog has not made its read model yet: is it running?")

    async def apps(self, reach: Reach, *, name: str | None, after: Spelling | None, limit: int) -> AppPage:
        """Apps within reach, by slug; with `name` those whose slug or name it is, without regard to case."""
        rows, on = await page(self._database, _sql.apps, limit, after, name=name, **reach._asdict())
        return AppPage(apps=[App.model_validate(row["document"]) for row in rows], next=on)

    async def app(self, app_id: UUID, *, gone: bool = False) -> App:
        """One app. Raises NotFoundError."""
        document = await self._one("app", app_id=app_id, gone=gone)
        if document is None:
            raise NotFoundError(RejectionCode.APP_NOT_FOUND, "there is no app with this id")
        return App.model_validate(document)

    async def environments(
        self, reach: Reach, *, app_id: UUID | None, name: str | None, after: Spelling | None, limit: int
    ) -> EnvironmentPage:
        """Environments within reach, by app and name."""
        asked = {"app_id": app_id, "name": name, **reach._asdict()}
        rows, on = await page(self._database, _sql.environments, limit, after, **asked)
        return EnvironmentPage(environments=[_environment(row) for row in rows], next=on)

    async def environment(self, environment_id: UUID, *, gone: bool = False) -> Environment:
        """One environment. Raises NotFoundError."""
        row = await self._one("environment", environment_id=environment_id, gone=gone)
        if row is None:
            raise _no_environment()
        return _environment(row)

    async def key_of_environment(self, environment_id: UUID) -> str:
        """The Kafka key of messages about it: its app's id; of a removed one too. Raises NotFoundError."""
        app_id = await self._one("app_of_environment", environment_id=environment_id)
        if app_id is None:
            raise _no_environment()
        return str(app_id)

    async def shredding(self, environment_id: UUID) -> Shredding:
        """The newest shredding of an environment's backups; of a removed one's too. Raises NotFoundError."""
        document = await self._one("shredding", environment_id=environment_id)
        if document is None:
            reason = "the backups of this environment were never shredded"
            raise NotFoundError(RejectionCode.NOT_FOUND, reason)
        return Shredding.model_validate(document)

    async def backups(self, environment_id: UUID, *, after: Instant | None, limit: int) -> BackupPage:
        """The backups of an environment that are in the list, newest first."""
        rows, on = await page(self._database, _sql.backups, limit, after, environment_id=environment_id)
        return BackupPage(backups=[Backup.model_validate(row["document"]) for row in rows], next=on)

    async def backup(self, backup_id: UUID, *, gone: bool = False) -> Backup:
        """One backup that is in the list. Raises NotFoundError."""
        return _found(Backup, await self._one("backup", backup_id=backup_id, gone=gone))

    async def snapshots(self, environment_id: UUID, *, top: Instant | None, offset: int, limit: int) -> Numbered:
        """Backups that are in the list, newest first, by number; none newer than `top`, where that is given."""
        of_list = {"environment_id": environment_id, "top": top and top.at, "top_id": top and top.id}
        async with self._database.transaction() as c:
            place = await _sql.place_of_snapshot(c, **of_list, offset=offset)
            begins = {"until": place["until"], "skipped": place["skipped"]}
            found = [row async for row in _sql.snapshots(c, **of_list, **begins, count=limit)]
        newest = Instant(found[0]["at"], found[0]["id"]) if found else None
        return Numbered([row["document"] for row in found], place["total"], newest)

    async def backup_document(self, backup_id: UUID, *, gone: bool = False) -> dict[str, Any] | None:
        """The document of a backup that is in the list."""
        document: dict[str, Any] | None = await self._one("backup", backup_id=backup_id, gone=gone)
        return document

    async def accepted_backup(self, backup_id: UUID) -> dict[str, Any]:
        """The document of a backup that was accepted; until the read model has it, as the catalog accepted it.

        Raises NotFoundError.
        """
        async with self._database.look() as c:
            row = await _sql.accepted_backup(c, backup_id=backup_id, stream=stream("catalog", "backup", backup_id))
        if row is None:
            raise _no_backup()
        document: dict[str, Any] | None = row["document"]
        return document if document is not None else queued(json.loads(row["body"]))

    async def restore_document(self, restore_id: UUID) -> dict[str, Any] | None:
        """The document of a restore."""
        document: dict[str, Any] | None = await self._one("restore", restore_id=restore_id)
        return document

    async def key_of_backup(self, backup_id: UUID) -> str:
        """The Kafka key of messages about it: its app's id; of one that has gone, too. Raises NotFoundError."""
        app_id: str | None = await self._one("app_of_backup", backup_id=backup_id)
        if app_id is None:
            raise _no_backup()
        return app_id

    async def explained(self, backup_id: UUID, now: datetime) -> Explanation:
        """Why a backup is there at the business time `now`, or has gone, however long ago. Raises NotFoundError."""
        row = await self._one("told_of_backup", backup_id=backup_id)
        if row is None:
            raise NotFoundError(RejectionCode.NOT_FOUND, "there is no backup with this id, and there never was")
        history = [HistoryLine.model_validate(told) for told in row["history"]]
        return explain(history, Clocks(now, row["postgres_time"]), sweep_stopped_at=row["sweep_stopped_at"])

    async def slots(self, environment_id: UUID, *, after: Day | None, limit: int) -> SlotPage:
        """The expected nightly runs of an environment, newest first."""
        rows, on = await page(self._database, _sql.slots, limit, after, environment_id=environment_id)
        return SlotPage(slots=[_slot(row["document"], _NIGHTS.validate_python(dict(row))) for row in rows], next=on)

    async def restores(self, environment_id: UUID, *, after: Instant | None, limit: int) -> RestorePage:
        """The restores into an environment, newest first."""
        rows, on = await page(self._database, _sql.restores, limit, after, environment_id=environment_id)
        return RestorePage(restores=[Restore.model_validate(row["document"]) for row in rows], next=on)

    async def restore(self, restore_id: UUID) -> Restore:
        """One restore. Raises NotFoundError."""
        return _found(Restore, await self._one("restore", restore_id=restore_id))

    async def uploads(self, environment_id: UUID, *, after: Instant | None, limit: int) -> UploadPage:
        """The uploads into an environment, newest first."""
        rows, on = await page(self._database, _sql.uploads, limit, after, environment_id=environment_id)
        return UploadPage(uploads=[Upload.model_validate(row["document"]) for row in rows], next=on)

    async def upload(self, upload_id: UUID) -> Upload:
        """One upload. Raises NotFoundError."""
        return _found(Upload, await self._one("upload", upload_id=upload_id))

    async def known_upload(self, upload_id: UUID) -> Upload | None:
        """One upload; None where there is none (yet)."""
        document = await self._one("upload", upload_id=upload_id)
        return None if document is None else Upload.model_validate(document)

    async def preflight(self, preflight_id: UUID) -> Preflight:
        """One preflight. Raises NotFoundError."""
        return _found(Preflight, await self._one("preflight", preflight_id=preflight_id))

    async def counts(self, reach: Reach) -> Counts:
        """How much there is within reach."""
        async with self._database.look() as c:
            rows = [row async for row in _sql.counts(c, **reach._asdict())]
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in rows:
            found[row["what"]][row["state"]] = row["count"]
        return Counts(
            found["apps"][""],
            found["environments"][""],
            {BackupState(state): count for state, count in found["backups"].items()},
            {RestoreState(state): count for state, count in found["restores"].items()},
        )

    async def _one(self, query: str, **arguments: UUID | bool) -> Any:  # noqa: ANN401 -- a value or a row, as the query says
        async with self._database.look() as c:
            return await getattr(_sql, query)(c, **arguments)


def _found(shape: type[M], document: Any) -> M:  # noqa: ANN401 -- JSON
    if document is None:
        raise NotFoundError(RejectionCode.NOT_FOUND, f"there is no {shape.__name__.lower()} with this id")
    return shape.model_validate(document)


def _no_backup() -> NotFoundError:
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no backup with this id")


def _no_environment() -> NotFoundError:
    return NotFoundError(RejectionCode.ENVIRONMENT_NOT_FOUND, "there is no environment with this id")


def _environment(row: Record) -> Environment:
    one = Environment.model_validate({**row["document"], "app_slug": row["slug"]})
    newest = row["newest_slot"]
    if newest is None or newest["state"] != SlotState.PLANNED:
        return one
    slot = _slot(newest, Nights(one.region, one.cloud_version, one.schedule))
    return one.model_copy(update={"next_slot": slot})


def _slot(document: dict[str, Any], nights: Nights) -> Slot:
    due_at = datetime.fromisoformat(document["due_at"])
    return Slot.model_validate({**document, "due_local": nights.told(due_at)})

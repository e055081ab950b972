"""The audit: every event of the log as the catalog's projection has noted it, found by place, person, name and time."""

from collections.abc import AsyncIterator
from uuid import UUID

from services.gateway.adapters.pages import page
from services.gateway.domain.paging import to_entry
from services.gateway.domain.rights import OPERATOR
from services.gateway.resources import AuditEntry, AuditPage, AuditQuestion
from services.platform.database import Connection, Database, Record, load_queries

_sql = load_queries("services.gateway")


class Audit:
    """Who asked for what, when, and what came of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, asked: AuditQuestion) -> AuditPage:
        """The entries that are asked for, newest first. Raises RefusalError for an `after` that is none of ours."""
        question = asked.model_dump(exclude={"after", "limit"})
        after = to_entry(asked.after)
        rows, on = await page(self._database, _entries, asked.limit, after, **question)
        return AuditPage(entries=[_shown(row) for row in rows], next=on)


async def _entries(c: Connection, organisation_id: UUID | None, **question: object) -> AsyncIterator[Record]:
    await _sql.plan_anew(c)
    theirs: dict[str, object] = {"owned_apps": None, "people": None}
    if organisation_id is not None:
        theirs = dict(await _sql.of_organisation(c, organisation_id=organisation_id, operator=OPERATOR))
    asked = {"after_sequence": None, "organisation_id": organisation_id} | theirs | question
    async for row in _sql.audit(c, **asked):
        yield row


def _shown(row: Record) -> AuditEntry:
    kind = "user" if row["actor"].startswith("user:") else "service"
    return AuditEntry.model_validate({**row["document"], **dict(row), "actor_kind": kind})

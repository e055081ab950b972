"""The audit: every event of the log as the catalog's projection has noted it, found by place, person, name and time."""

from collections.abc import AsyncIterator

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
        rows, on = await page(self._database, _entries, asked.limit, after, **question, operator=OPERATOR)
        return AuditPage(entries=[_shown(row) for row in rows], next=on)


async def _entries(c: Connection, **question: object) -> AsyncIterator[Record]:
    await _sql.plan_anew(c)
    async for row in _sql.audit(c, **{"after_sequence": None} | question):
        yield row


def _shown(row: Record) -> AuditEntry:
    kind = "user" if row["actor"].startswith("user:") else "service"
    return AuditEntry.model_validate({**row["document"], **dict(row), "actor_kind": kind})

"""PostgreSQL's disk is full: the engine's own error, thrown by a trigger on each table, until there is room again.

A disk cannot be filled without being root. Whoever deletes is let through, as where rows are only marked.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.platform.process.settings import PostgresSettings
from tests.support.databases import execute

SAYS: Final = "No space left on device"
ROOM: Final = "RETURN NULL"
NO_ROOM: Final = f"RAISE EXCEPTION 'could not extend file: {SAYS}' USING ERRCODE = 'disk_full'"
TRIGGERS: Final = """
SELECT format(
    'CREATE TRIGGER needs_room BEFORE INSERT OR UPDATE ON %s EXECUTE FUNCTION public.needs_room()', c.oid::regclass
)
FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text = ANY ('{{{schemas}}}')
    AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'needs_room')
"""


@asynccontextmanager
async def no_room(server: PostgresSettings, schemas: Sequence[str]) -> AsyncIterator[None]:
    """Nothing is written to these schemas' tables within the context. The triggers stay, and let everything pass."""
    await asyncio.to_thread(_make_fillable, server, schemas)
    execute(server, _needs_room(NO_ROOM))
    try:
        yield
    finally:
        execute(server, _needs_room(ROOM))


def _make_fillable(server: PostgresSettings, schemas: Sequence[str]) -> None:
    """Each table by itself: all in one transaction would wait for services that wait for it."""
    execute(server, _needs_room(ROOM))
    triggers = execute(server, TRIGGERS.format(schemas=",".join(schemas)))
    if triggers:
        execute(server, *triggers.splitlines())


def _needs_room(then: str) -> str:
    return f"CREATE OR REPLACE FUNCTION public.needs_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {then}; END $$"

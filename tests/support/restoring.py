"""A restore step by step, for tests: dump, load beside, switch."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from contracts.values import Warning  # noqa: A004 -- the product's word
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.database.target import RestoreTarget
from services.platform.database.connection import RawConnection
from tests.support.app_databases import AppDatabase

TOOLS: Final = PostgresTools({})
PIECE: Final = 7_000
"""No multiple of anything that pg_restore reads."""


async def dump(app: AppDatabase) -> Callable[[], AsyncIterator[bytes]]:
    """A dump that can be read again and again, and never sought in."""
    async with EnvironmentDatabase(app.access(), TOOLS).open_snapshot() as snapshot, snapshot.dump() as pieces:
        return streamed(b"".join([piece async for piece in pieces]))


def streamed(data: bytes) -> Callable[[], AsyncIterator[bytes]]:
    """What opens a stream of these bytes, again and again."""

    async def read() -> AsyncIterator[bytes]:
        for at in range(0, len(data), PIECE):
            yield data[at : at + PIECE]

    return read


def target(
    app: AppDatabase, scratch: Path, restore_id: UUID | None = None, epoch: int = 1, **changes: object
) -> RestoreTarget:
    """An attempt at restoring into `app`."""
    return RestoreTarget(app.access(**changes), TOOLS, restore_id or uuid4(), epoch, scratch=scratch)


async def load(into: RestoreTarget, opened: Callable[[], AsyncIterator[bytes]]) -> Archive:
    """Everything up to the switch."""
    archive = await into.read_archive(opened)
    await into.drop_attempts()
    await into.create()
    await into.create_extensions(archive)
    await into.load(archive, opened(), told=said_nothing, moved=lambda: None)
    await into.apply_in_roles(archive)
    await into.create_by_either(Kind.PUBLICATION, archive)
    await into.create_by_either(Kind.EVENT_TRIGGER, archive)
    into.note_never_restored(archive)
    await into.analyze(lambda: None)
    return archive


async def switch(to: RestoreTarget) -> tuple[str, ...]:
    """Close, switch, open; the sessions that were ended."""
    ended = await to.close()
    await to.switch()
    await to.allow_connections()
    return ended


async def said_nothing(_bytes: int) -> None:
    """Nobody watches."""


def only(warnings: tuple[Warning, ...], code: str) -> Warning:
    """The one warning with this code."""
    (warning,) = [warning for warning in warnings if warning.code == code]
    return warning


async def connect(app: AppDatabase, application: str = "app", *, superuser: bool = False) -> RawConnection:
    """A session of the app, or of an administrator."""
    connection: RawConnection = await asyncpg.connect(
        host=app.server.host,
        port=app.server.port,
        database=app.name,
        server_settings={"application_name": application},
        user=app.server.user if superuser else app.role,
        password=app.server.password.get_secret_value() if superuser else app.password,
    )
    return connection


def properties(app: AppDatabase) -> dict[str, str]:
    """What makes a database what it is, beside its content."""
    of_it = f"FROM pg_database d WHERE datname = '{app.name}'"
    of_them = f"pg_database d WHERE d.oid = setdatabase AND datname = '{app.name}'"
    asked = {
        "acl": f"SELECT array(SELECT unnest(datacl)::text ORDER BY 1) {of_it}",
        "limit": f"SELECT datconnlimit {of_it}",
        "kind": f"SELECT encoding, datcollate, datctype, datlocprovider, datlocale, dattablespace, datdba {of_it}",
        "comment": f"SELECT shobj_description(oid, 'pg_database') {of_it}",
        "settings": f"SELECT setrole::regrole, c FROM pg_db_role_setting, unnest(setconfig) c, {of_them} ORDER BY 1, 2",  # noqa: S608 -- a test's name
        "open": f"SELECT datallowconn {of_it}",
    }
    return {what: app.run(query, superuser=True, database="postgres") for what, query in asked.items()}

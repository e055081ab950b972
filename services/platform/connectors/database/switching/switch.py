"""The switch: one transaction in which the new database takes the live one's name, settings and rights, or nothing."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.platform.connectors.database.connection import Connection
from services.platform.connectors.database.errors import SwitchError
from services.platform.connectors.database.quoting import identifier, literal
from services.platform.connectors.database.switching import names
from services.platform.connectors.database.switching.likeness import Grant, Likeness, Setting, granting, setting
from services.platform.connectors.database.switching.server import DatabaseServer, describe, end_if_asleep, queries
from services.platform.process.seams import Seam, after, before

_NOT_OURS_TO_SET: Final = (asyncpg.InsufficientPrivilegeError, asyncpg.SyntaxOrAccessError, asyncpg.DataError)


async def has_switched(server: DatabaseServer, restore_id: UUID) -> bool:
    """Whether the live database is the one that this restore brought."""
    live = await server.describe(server.access.database)
    return live is not None and names.restore_in(live.comment) == restore_id


async def switch(server: DatabaseServer, restore_id: UUID, epoch: int) -> tuple[str, ...]:
    """Put the database of this epoch in the live one's place; what could not be copied, in words.

    Both must be closed and empty. Copies database settings, rights, connection limit and the roles' settings in the
    database, and marks the comment. Raises SwitchError when a database is missing or in the way, then nothing happened.
    """
    live, new = server.access.database, names.beside(restore_id, epoch)
    async with server.connected() as connection, connection.transaction():
        await end_if_asleep(connection)
        like = await _needed(connection, live)
        await _needed(connection, new)
        left = await _copy(connection, live, new, like)
        await _rename(connection, live, names.previous(restore_id))
        await _rename(connection, new, live)
        comment = literal(names.marked(like.comment, restore_id))
        await connection.execute(f"COMMENT ON DATABASE {identifier(live)} IS {comment}")
        before(Seam.SWITCH)
    after(Seam.SWITCH)
    return tuple(left)


async def has_switched_back(server: DatabaseServer, restore_id: UUID) -> bool:
    """Whether an undo's switch has happened."""
    return await server.describe(names.undone(restore_id)) is not None


async def switch_back(server: DatabaseServer, restore_id: UUID) -> None:
    """Put the database from before this restore in its place again, as it was; both must be closed and empty.

    Raises SwitchError when it is not there, or the live one is not this restore's.
    """
    live, previous = server.access.database, names.previous(restore_id)
    async with server.connected() as connection, connection.transaction():
        await end_if_asleep(connection)
        like = await _needed(connection, live)
        if names.restore_in(like.comment) not in {restore_id, None}:  # None: somebody has rewritten the comment
            raise SwitchError(f"{live!r} is not the database that restore {restore_id} brought: it was replaced since")
        await _needed(connection, previous)
        await _rename(connection, live, names.undone(restore_id))
        await _rename(connection, previous, live)
        before(Seam.SWITCH_BACK)
    after(Seam.SWITCH_BACK)


async def _needed(connection: Connection, name: str) -> Likeness:
    like = await describe(connection, name)
    if like is None:
        raise SwitchError(f"there is no database {name!r} (any more), so nothing was switched")
    return like


async def _rename(connection: Connection, name: str, new_name: str) -> None:
    await connection.execute(f"ALTER DATABASE {identifier(name)} RENAME TO {identifier(new_name)}")


async def _copy(connection: Connection, live: str, new: str, like: Likeness) -> Sequence[str]:
    grants = [Grant(**dict(row)) async for row in queries.grants_on(connection, database=live)]
    settings = [Setting(**dict(row)) async for row in queries.settings_of(connection, database=live)]
    left: list[str] = []
    for statement in granting(new, like, grants):
        await _attempt(connection, statement, f"a right on database {live!r}", left)
    for one in settings:
        whose = f" of role {one.role!r}" if one.role else ""
        await _attempt(connection, setting(new, one), f"setting {one.name}{whose} in {live!r}", left)
    await connection.execute(f"ALTER DATABASE {identifier(new)} CONNECTION LIMIT {like.connection_limit}")
    return left


async def _attempt(connection: Connection, statement: str, what: str, left: list[str]) -> None:
    """Copy one thing; what the provisioner may not set must not cost the restore, but is told (never its value)."""
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except _NOT_OURS_TO_SET as error:
        left.append(f"{what} ({type(error).__name__})")

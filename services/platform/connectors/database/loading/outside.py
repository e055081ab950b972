"""What a function of a sent dump can change outside the database that it is loaded into, and how that was before.

It runs as the environment's role while rows are checked and indexes built. That role may change its own settings and
password, and all of the live database. None of that lies in the new database: it would outlast a load that failed. It
cannot be forbidden, only seen and put back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from services.platform.connectors.database.connection import Connection
from services.platform.connectors.database.errors import AuthenticationError, DatabaseRefusedError, MissingRightsError
from services.platform.connectors.database.loading.password import changing, lets_in
from services.platform.connectors.database.quoting import identifier, literal
from services.platform.connectors.database.switching.likeness import (
    Grant,
    Likeness,
    Setting,
    granting,
    setting,
    settings_gone,
)
from services.platform.connectors.database.switching.server import DatabaseServer, describe, queries


class Outside(BaseModel):
    """The live database and the settings of its role, as the server tells them."""

    model_config = ConfigDict(frozen=True)

    name: str
    live: Likeness
    grants: tuple[Grant, ...]
    settings: tuple[Setting, ...]
    role_settings: tuple[Setting, ...]


async def outside(server: DatabaseServer) -> Outside:
    """How it is now. Raises DatabaseRefusedError where there is no such database."""
    async with server.connected() as connection:
        return await _look(connection, server.access.database, server.access.role.user)


async def put_back(server: DatabaseServer, before: Outside, own: Connection | None) -> tuple[str, ...]:
    """Put back what has changed since `before`; what that was, in words that tell no value.

    `own` is a connection of the environment's role from before: what no provisioner may, the role does itself. Raises
    MissingRightsError and AuthenticationError where nobody may.
    """
    role = server.access.role.user
    changed = [] if await lets_in(server.access) else [f"the password of role {role!r}"]
    if changed:
        await _run(server, own, [changing(server.access.role)])
    async with server.connected() as connection:
        name = await queries.database_of(connection, oid=before.live.oid)
        if name is None:
            raise DatabaseRefusedError(f"the live database {before.name!r} is gone, and nobody of ours removed it")
        now = await _look(connection, name, role)
    for what, statements in _differences(before, now, role):
        await _run(server, own, statements)
        changed.append(what)
    return tuple(changed)


async def _look(connection: Connection, name: str, role: str) -> Outside:
    live = await describe(connection, name)
    if live is None:
        raise DatabaseRefusedError(f"there is no database {name!r}")
    return Outside(
        name=name,
        live=live,
        grants=tuple([Grant(**dict(row)) async for row in queries.grants_on(connection, database=name)]),
        settings=tuple([Setting(**dict(row)) async for row in queries.settings_of(connection, database=name)]),
        role_settings=tuple([Setting(**dict(row)) async for row in queries.settings_of_role(connection, role=role)]),
    )


def _differences(before: Outside, now: Outside, role: str) -> Iterator[tuple[str, Sequence[str]]]:
    name, live = before.name, before.live
    whole = f"ALTER DATABASE {identifier(name)}"
    if now.name != name:
        yield f"the name of database {name!r}", [f"ALTER DATABASE {identifier(now.name)} RENAME TO {identifier(name)}"]
    if now.role_settings != before.role_settings:
        gone = settings_gone(None, role)
        yield f"settings of role {role!r}", [gone, *(setting(None, one) for one in before.role_settings)]
    if now.settings != before.settings:
        roles = dict.fromkeys(one.role for one in (*now.settings, *before.settings))
        gone_all = [settings_gone(name, one) for one in roles]
        yield f"settings in database {name!r}", [*gone_all, *(setting(name, one) for one in before.settings)]
    if now.grants != before.grants:
        given = granting(name, replace(live, has_acl=True), before.grants)
        yield f"rights on database {name!r}", [*_withdrawn(name, now.grants), *given]
    if now.live.comment != live.comment:
        text = "NULL" if live.comment is None else literal(live.comment)
        yield f"the comment of database {name!r}", [f"COMMENT ON DATABASE {identifier(name)} IS {text}"]
    if now.live.connection_limit != live.connection_limit:
        yield f"the connection limit of database {name!r}", [f"{whole} CONNECTION LIMIT {live.connection_limit}"]
    if now.live.allows_connections != live.allows_connections:
        allowed = str(live.allows_connections).lower()
        yield f"whether database {name!r} takes connections", [f"{whole} ALLOW_CONNECTIONS {allowed}"]


def _withdrawn(name: str, grants: Sequence[Grant]) -> Iterator[str]:
    """Nobody has any."""
    for grantee in dict.fromkeys(grant.grantee for grant in grants):
        whom = "PUBLIC" if grantee is None else identifier(grantee)
        yield f"REVOKE ALL ON DATABASE {identifier(name)} FROM {whom} CASCADE"


async def _run(server: DatabaseServer, own: Connection | None, statements: Sequence[str]) -> None:
    """By the provisioner, and what it may not by the role itself."""
    try:
        async with server.connected() as connection:
            for statement in statements:
                await connection.execute(statement)
    except (MissingRightsError, AuthenticationError):
        if own is None:
            raise
        for statement in statements:
            await own.execute(statement)

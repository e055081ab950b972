"""Looks at an environment's database: whether it can be backed up and restored into (spec: environments, "Rights")."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from contracts.errors import FailureCode
from contracts.values import Finding, Severity
from services.platform.connectors.database import findings
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection, connected, provisioning, server_version
from services.platform.connectors.database.errors import ReferenceQueryError
from services.platform.connectors.database.libpq import NEEDS_TLS
from services.platform.connectors.database.references import stream_references
from services.platform.connectors.database.restorability import unrestorable
from services.platform.connectors.database.tools import PostgresTools
from services.platform.database import load_queries
from services.platform.process.errors import NightkeepError

QUERY_SECONDS: Final = 10
"""How long a check waits for the first documents of `documents_query`; a slow one is no fault."""
RIGHTS: Final = FailureCode.MISSING_RIGHTS.value

_queries = load_queries("services.platform.connectors.database")


@dataclass(frozen=True)
class CheckReport:
    """What a look at a database found; it passed when no finding is an error."""

    server_version: str | None
    findings: tuple[Finding, ...]


async def check(access: DatabaseAccess, tools: PostgresTools, documents_query: str | None) -> CheckReport:
    """See `EnvironmentDatabase.check`."""
    found: list[Finding] = []
    version: str | None = None
    try:
        async with connected(access, access.role, access.database) as connection:
            version = await server_version(connection)
            found += await _in_database(connection, access, tools, documents_query)
    except NightkeepError as error:
        found.append(findings.of_error(error, access.database))
    found += [*maintenance_findings(access, Severity.WARNING), *await provisioner_findings(access)]
    return CheckReport(version, tuple(found))


async def _in_database(
    connection: Connection, access: DatabaseAccess, tools: PostgresTools, documents_query: str | None
) -> list[Finding]:
    return [
        *await tools_findings(connection, access, tools),
        *await superuser_findings(connection, access, Severity.WARNING),
        *await _ownership(connection, access),
        *await _undumpable(connection, access),
        *await unrestorable(connection, access),
        *(await _documents_query(connection, documents_query) if documents_query else ()),
    ]


async def tools_findings(connection: Connection, access: DatabaseAccess, tools: PostgresTools) -> list[Finding]:
    """Whether there are client tools of the server's major version."""
    try:
        await tools.directory(connection.get_server_version().major, tls=access.sslmode in NEEDS_TLS)
    except NightkeepError as error:
        return [findings.of_error(error, access.server)]
    return []


def maintenance_findings(access: DatabaseAccess, severity: Severity) -> list[Finding]:
    """Whether the provisioner works from another database than the one that a restore renames."""
    if access.maintenance_database != access.database:
        return []
    return [
        Finding(
            code="MAINTENANCE_DATABASE",
            severity=severity,
            subject=access.database,
            message=f"{access.database!r} is also the database that the provisioner connects to, so a restore could "
            f"not rename it: name another one as the environment's maintenance_database, template1 for example",
        )
    ]


async def superuser_findings(connection: Connection, access: DatabaseAccess, severity: Severity) -> list[Finding]:
    """Whether the role that would load a dump is a superuser: no superuser ever loads one."""
    if not await _queries.is_superuser(connection):
        return []
    return [
        Finding(
            code="ROLE_IS_SUPERUSER",
            severity=severity,
            subject=access.role.user,
            message=f"role {access.role.user!r} is a superuser, and what a dump says is never run with such rights, so "
            f"nothing can be restored here: give the environment a role of its own, and this one as its provisioner",
        )
    ]


async def _ownership(connection: Connection, access: DatabaseAccess) -> list[Finding]:
    rights = await _queries.rights_in_database(connection)
    found = []
    if not rights["owns_it"]:
        found.append(
            findings.error(
                RIGHTS,
                f"role {access.role.user!r} does not own database {access.database!r} ({rights['owner']!r} does): make "
                f"it the owner, or a member of the owner",
                access.role.user,
            )
        )
    if rights["encoding"] == "SQL_ASCII":
        found.append(
            findings.warning(
                "ENCODING_UNKNOWN",
                f"database {access.database!r} is SQL_ASCII, so nobody knows the encoding of its texts: its backups "
                f"can only be restored into databases that are SQL_ASCII too",
                access.database,
            )
        )
    return found


async def _undumpable(connection: Connection, access: DatabaseAccess) -> list[Finding]:
    who = access.role.user
    unreadable = [row["name"] async for row in _queries.unreadable_relations(connection)]
    filtered = [row["name"] async for row in _queries.filtered_relations(connection)]
    objects = await _queries.unreadable_large_objects(connection)
    found = []
    if unreadable:
        found.append(
            findings.error(
                RIGHTS,
                f"role {who!r} may not read {findings.some(unreadable)}: "
                f"grant SELECT, or make it a member of the owner",
                unreadable[0],
            )
        )
    if filtered:
        found.append(
            findings.error(
                RIGHTS,
                f"row-level security hides rows of {findings.some(filtered)} from role {who!r}, so they cannot be "
                f"dumped: ALTER ROLE … BYPASSRLS, or take FORCE ROW LEVEL SECURITY off",
                filtered[0],
            )
        )
    if objects:
        found.append(
            findings.error(
                RIGHTS,
                f"role {who!r} may not read {objects} large objects of other roles: "
                f"make it their owner, or grant SELECT on them",
                "large objects",
            )
        )
    return found


async def _documents_query(connection: Connection, query: str) -> list[Finding]:
    try:
        async with (
            asyncio.timeout(QUERY_SECONDS),
            connection.transaction(readonly=True),
            aclosing(stream_references(connection, query, 1)) as references,
        ):
            await anext(references, None)
    except ReferenceQueryError as error:
        return [findings.of_error(error, "documents_query")]
    except TimeoutError:
        return [
            findings.warning(
                "REFERENCE_QUERY_SLOW",
                f"documents_query gave no row within {QUERY_SECONDS} s: "
                f"every backup waits for it, with its snapshot held",
                "documents_query",
            )
        ]
    return []


async def provisioner_findings(access: DatabaseAccess) -> list[Finding]:
    """Whether the provisioner can create, rename and drop databases and end sessions there."""
    who = access.provisioner.user
    try:
        async with provisioning(access, access.maintenance_database) as connection:
            rights = await _queries.provisioner_rights(connection, database=access.database)
            return _provisioner_lacks(dict(rights) if rights else {}, access)
    except NightkeepError as error:
        return [findings.of_error(error, who)]


def _provisioner_lacks(rights: dict[str, bool], access: DatabaseAccess) -> list[Finding]:
    who = access.provisioner.user
    lacking = {
        "may_create": f"may not create databases: ALTER ROLE {who} CREATEDB",
        "may_rename": f"may not rename {access.database!r}: make it a member of the owner",
        "may_own": f"may not make databases for the owner of {access.database!r}: make it a member of that role",
    }
    found = [
        findings.error(RIGHTS, f"provisioner {who!r} {words}", who)
        for right, words in lacking.items()
        if rights and not rights[right]
    ]
    if rights and not rights["may_end_sessions"]:
        found.append(
            findings.warning(
                "MAY_NOT_END_SESSIONS",
                f"provisioner {who!r} can end only sessions of its own roles, so a restore fails while others are "
                f"connected: GRANT pg_signal_backend TO {who}",
                who,
            )
        )
    return found

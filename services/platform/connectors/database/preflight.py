"""Looks whether a dump could be restored into an environment's database, and changes nothing."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from contracts.errors import FailureCode
from contracts.facts import Facts
from contracts.values import Finding, Severity
from services.platform.connectors.database import findings
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.check import (
    maintenance_findings,
    provisioner_findings,
    superuser_findings,
    tools_findings,
)
from services.platform.connectors.database.connection import Connection, connected, provisioning, server_version
from services.platform.connectors.database.errors import OlderServerError
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.loading.foreign import beyond_the_role
from services.platform.connectors.database.space import FreeSpace, local_free_bytes
from services.platform.connectors.database.switching.server import sessions_in
from services.platform.connectors.database.tools import PostgresTools
from services.platform.connectors.look import Look
from services.platform.database import load_queries
from services.platform.process.errors import NightkeepError

ANY_ENCODING: Final = "SQL_ASCII"

_queries = load_queries("services.platform.connectors.database")


@dataclass(frozen=True)
class Preflight:
    """What is looked at before a restore: the destination, and the dump as far as it says what it needs."""

    access: DatabaseAccess
    tools: PostgresTools
    free_space: FreeSpace = local_free_bytes

    async def look(self, archive: Archive | None, dump_bytes: int, *, foreign: bool = False) -> Look:
        """Everything that stands in the way or should be known; `archive` is None when it could not be read.

        Of a `foreign` dump, what needs more rights than the role has is refused. What was seen before an error is still
        a fact.
        """
        seen = Look()
        try:
            around = (*maintenance_findings(self.access, Severity.ERROR), *await provisioner_findings(self.access))
            seen = Look(around).beside(await self._as_role(archive, foreign=foreign))
            return seen.beside(await self._as_provisioner(dump_bytes))
        except NightkeepError as error:
            return Look((findings.of_error(error, self.access.database),), seen.facts)

    async def refusals(self, archive: Archive) -> tuple[Finding, ...]:
        """What of a dump that somebody sent a restore into this database would refuse. Raises OlderServerError."""
        async with connected(self.access, self.access.role, self.access.database) as connection:
            for newer in older_server(archive, connection.get_server_version().major):
                raise OlderServerError(newer.message)
            return (*await _extensions(connection, archive, self.access, foreign=True), *_of_superusers(archive))

    async def _as_role(self, archive: Archive | None, *, foreign: bool) -> Look:
        access = self.access
        async with connected(access, access.role, access.database) as connection:
            found = [
                *await tools_findings(connection, access, self.tools),
                *await superuser_findings(connection, access, Severity.ERROR),
            ]
            if archive is not None:
                found += older_server(archive, connection.get_server_version().major)
                found += await _encoding(connection, archive, access)
                found += await _extensions(connection, archive, access, foreign=foreign)
                found += _of_superusers(archive) if foreign else []
            return Look(tuple(found), Facts(server_version=await server_version(connection)))

    async def _as_provisioner(self, dump_bytes: int) -> Look:
        access = self.access
        async with provisioning(access, access.maintenance_database) as connection:
            sessions = list((await sessions_in(connection, access.database)).values())
            in_the_way = await _in_the_way(connection, access.database)
            free = await self.free_space(connection, access)
        found = (*_sessions(sessions, access.database), *in_the_way, *_space(free, dump_bytes, access.server))
        facts = Facts(open_sessions=len(sessions), database_needed_bytes=dump_bytes, database_free_bytes=free)
        return Look(found, facts)


def older_server(archive: Archive, major: int) -> list[Finding]:
    """A dump is never loaded into an older major than it came from."""
    needed = max(archive.contents.server_major, archive.contents.tools_major)
    if needed <= major:
        return []
    return [
        findings.error(
            FailureCode.OLDER_SERVER.value,
            f"the backup is of PostgreSQL {needed}, and the destination's server is {major}: restore into a server "
            f"that is not older, or upgrade this one",
        )
    ]


async def _encoding(connection: Connection, archive: Archive, access: DatabaseAccess) -> list[Finding]:
    source, target = archive.encoding, (await _queries.rights_in_database(connection))["encoding"]
    if target in {source, ANY_ENCODING}:
        return []
    if source == ANY_ENCODING or not await _queries.conversion_exists(connection, source=source, target=target):
        return [
            findings.error(
                FailureCode.ENCODING_MISMATCH.value,
                f"the backup's texts are in {source}, which cannot be converted to {target} of {access.database!r}: "
                f"restore into a database with encoding {source}",
                access.database,
            )
        ]
    if target == "UTF8":
        return []
    return [
        findings.warning(
            "ENCODING_DIFFERS",
            f"the backup's texts are in {source}, {access.database!r} is {target}: the restore fails, with nothing "
            f"changed, when a character has no place there",
            access.database,
        )
    ]


async def _extensions(
    connection: Connection, archive: Archive, access: DatabaseAccess, *, foreign: bool
) -> list[Finding]:
    """An extension that will not be there is an error when something needs it or somebody sent it, else a warning."""
    wanted = archive.contents.extensions()
    rows = _queries.installable(connection, names=list(wanted))
    trusted = {row["name"]: row["is_trusted"] async for row in rows}
    return [
        _missing_extension(name, [each.what for each in archive.contents.dependents(entry)], trusted, foreign=foreign)
        for name, entry in wanted.items()
        if not trusted.get(name) and not (name in trusted and name in access.extensions)
    ]


def _missing_extension(name: str, needing: list[str], installable: Container[str], *, foreign: bool) -> Finding:
    what = "is not among those allowed here" if name in installable else "is not installed on this server"
    said = f"extension {name!r} of the backup {what}: install or allow it"
    if needing:
        code, means = FailureCode.UNSUPPORTED_CONTENT.value, f"{findings.some(needing)} cannot be restored without it"
    elif foreign:
        code, means = FailureCode.MISSING_RIGHTS.value, "what somebody sent is not restored without it"
    else:
        code, means = "EXTENSION_NOT_RESTORABLE", "it will be missing"
    return (findings.error if needing or foreign else findings.warning)(code, f"{said}; {means}", name)


def _of_superusers(archive: Archive) -> list[Finding]:
    needed = beyond_the_role(archive.apart)
    if not needed:
        return []
    return [
        findings.error(
            FailureCode.MISSING_RIGHTS.value,
            f"the environment's role may not create all that the dump holds: {findings.some(needed)}. Only a superuser "
            "could, and none runs what somebody sent: leave it out of the dump",
        )
    ]


def _sessions(sessions: list[str], database: str) -> list[Finding]:
    if not sessions:
        return []
    return [
        findings.warning(
            "OPEN_SESSIONS",
            f"{len(sessions)} sessions are open in {database!r} and will be ended at the switch: "
            f"{findings.some(sessions)}",
            database,
        )
    ]


async def _in_the_way(connection: Connection, database: str) -> list[Finding]:
    prepared = [row["name"] async for row in _queries.prepared_transactions(connection, database=database)]
    slots = [row["name"] async for row in _queries.replication_slots(connection, database=database)]
    found = []
    if prepared:
        message = f"prepared transactions hold {database!r}: commit or roll back {findings.some(prepared)}"
        found.append(findings.error("PREPARED_TRANSACTIONS", message, database))
    if slots:
        message = (
            f"replication slots ({findings.some(slots)}) stay with the previous state of {database!r}, and keep it "
            f"from being removed: drop them, and make new ones after the restore"
        )
        found.append(findings.warning("REPLICATION_SLOTS", message, database))
    return found


def _space(free: int | None, needed: int, server: str) -> list[Finding]:
    """The dump's size is the least that its rows take; what indexes add nobody knows before."""
    if free is None:
        return [
            findings.info(
                "ROOM_UNKNOWN",
                f"nobody here knows how much room {server} has left, and the backup's database takes at least "
                f"{needed:,} bytes beside the live one: see to it that there is more",
                server,
            )
        ]
    if free >= needed:
        return []
    return [
        findings.error(
            FailureCode.NO_SPACE.value,
            f"{server} has {free:,} bytes left, and the backup's database takes at least {needed:,} beside the live "
            f"one: free some space, then restore again",
            server,
        )
    ]

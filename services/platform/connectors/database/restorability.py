"""Names what a database has that a restore could not bring back by itself, long before somebody needs that restore."""

from contracts.values import Finding, Severity
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection
from services.platform.database import load_queries

_queries = load_queries("services.platform.connectors.database")


async def unrestorable(connection: Connection, access: DatabaseAccess) -> tuple[Finding, ...]:
    """Findings about extensions, event triggers, publications and subscriptions of the connection's database."""
    return (
        *await _extensions(connection, access),
        *await _superuser_objects(connection, access.provisioner.user),
        *await _subscriptions(connection),
    )


async def _extensions(connection: Connection, access: DatabaseAccess) -> list[Finding]:
    rows = _queries.untrusted_extensions(
        connection, allowed=list(access.extensions), provisioner=access.provisioner.user
    )
    return [
        Finding(
            code="EXTENSION_NOT_RESTORABLE",
            severity=Severity.WARNING,
            subject=row["name"],
            message=f"a restore could not install extension {row['name']!r}: it is not trusted, and "
            + (
                f"{access.provisioner.user!r} is no superuser: give this environment a provisioner that is one"
                if row["is_allowed"]
                else "not among the extensions that this environment allows: allow it, with a superuser as provisioner"
            ),
        )
        async for row in rows
    ]


async def _superuser_objects(connection: Connection, provisioner: str) -> list[Finding]:
    return [
        Finding(
            code=row["kind"].split(" of ")[0].replace(" ", "_").upper() + "_NOT_RESTORABLE",
            severity=Severity.WARNING,
            subject=row["name"],
            message=f"a restore could not create {row['kind']} {row['name']!r}: only a superuser may, and the "
            f"provisioner {provisioner!r} is none",
        )
        async for row in _queries.superuser_objects(connection, provisioner=provisioner)
    ]


async def _subscriptions(connection: Connection) -> list[Finding]:
    return [
        Finding(
            code="SUBSCRIPTION_NOT_RESTORABLE",
            severity=Severity.WARNING,
            subject=row["name"],
            message=f"subscription {row['name']!r} is not part of a backup, and no restore creates it: two subscribers "
            f"of one slot lose data; create it again by hand where it is wanted",
        )
        async for row in _queries.subscriptions(connection)
    ]

"""A database of its own for every test, with the roles, schemas and tables of all services, cloned in milliseconds."""

import select
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus, ExecStatus, PGconn, TransactionStatus, abc
from pydantic import SecretStr

from services.platform.database import Database, migrate
from services.platform.process.settings import PostgresSettings
from tests.support.in_a_thread import wait_for

SERVICES: Final = ("catalog", "snapshot", "restore", "retention", "replication", "gateway")
TEMPLATE: Final = "nightkeep_template"
AS_FILES: Final = "STRATEGY FILE_COPY"
"""Of CREATE DATABASE: half the work of the way by the log, where nothing waits for the disk."""
_WITH_JOBS: Final = ("platform.eventstore", "platform.jobs")
_WITH_ENVIRONMENTS: Final = (*_WITH_JOBS, "platform.environments")
TABLES: Final = {
    "catalog": ("platform.eventstore", "catalog"),
    "snapshot": (*_WITH_ENVIRONMENTS, "snapshot", "snapshot.nights"),
    "restore": (*_WITH_ENVIRONMENTS, "restore"),
    "retention": (*_WITH_ENVIRONMENTS, "retention"),
    "gateway": (*_WITH_JOBS, "gateway"),
    "read": ("catalog.projection",),
}
"""The packages of `services` whose tables a schema has; a service whose tables are not there makes them itself."""
MAINTENANCE: Final = "postgres"
"""Every server's own database, which nobody drops or renames."""
_kept: Final[defaultdict[str, list[abc.PGconn]]] = defaultdict(list)
"""By whom they are connected to: a new one takes 8 ms of processor, of both sides."""
ROLE_PASSWORD: Final = SecretStr("of-a-test")


@dataclass
class FreshDatabase:
    """`fresh_database("catalog")` is this test's database as that service sees it; without a name, as superuser.

    Called again in the same test it is the same database.
    """

    server: PostgresSettings
    name: str | None = None

    def __call__(self, role: str | None = None) -> PostgresSettings:
        """Return the settings to connect with."""
        if self.name is None:
            self.name = f"test_{uuid4().hex}"
            execute(self.server, f"CREATE DATABASE {self.name} TEMPLATE {TEMPLATE} {AS_FILES}")
        changes: dict[str, object] = {"database": self.name}
        if role:
            changes |= {"user": role, "password": ROLE_PASSWORD}
        return self.server.model_copy(update=changes)

    def drop(self) -> None:
        """Remove it, with whoever is still connected."""
        if self.name:
            execute(self.server, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


def execute(server: PostgresSettings, *statements: str, role: str | None = None) -> str:
    """Run statements one by one, optionally as a role; return what their last results say, as `psql -At` prints it."""
    said = [f"SET ROLE {role}"] if role else []
    with _connected(server) as connection:
        lines = [line for statement in (*said, *statements) for line in _lines(connection, statement)]
    return "\n".join(lines).strip()


@contextmanager
def _connected(server: PostgresSettings) -> Iterator[abc.PGconn]:
    """To a server's own database by a connection that was kept, else by a new one; nobody is in the way of others."""
    told = make_conninfo(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password.get_secret_value(),
        dbname=server.database,
        sslmode="prefer" if server.sslmode.startswith("verify") else server.sslmode,
    )
    kept = _kept[told]
    connection = kept.pop() if kept else _connect(told)
    if _has_ended(connection):
        connection.finish()
        connection = _connect(told)
    try:
        yield connection
    finally:
        if server.database == MAINTENANCE and _is_as_new(connection):
            kept.append(connection)
        else:
            connection.finish()


def _connect(told: str) -> abc.PGconn:
    connection = PGconn.connect(told.encode())
    if connection.status != ConnStatus.OK:
        refusal = connection.get_error_message()
        connection.finish()
        raise RuntimeError(refusal)
    return connection


def _has_ended(connection: abc.PGconn) -> bool:
    """The server says nothing to who asks nothing, but that it goes."""
    heard = select.poll()
    heard.register(connection.socket, select.POLLIN)
    return bool(heard.poll(0))


def _is_as_new(connection: abc.PGconn) -> bool:
    idle = connection.transaction_status == TransactionStatus.IDLE
    return idle and connection.exec_(b"DISCARD ALL").status == ExecStatus.COMMAND_OK


def _lines(connection: abc.PGconn, statement: str) -> list[str]:
    result = connection.exec_(statement.encode())
    if result.status == ExecStatus.FATAL_ERROR:
        raise RuntimeError(connection.get_error_message())  # the result's own lacks why a session was ended
    return ["|".join(_text(result, row, column) for column in range(result.nfields)) for row in range(result.ntuples)]


def _text(result: abc.PGresult, row: int, column: int) -> str:
    return (result.get_value(row, column) or b"").decode()


def make_template(server: PostgresSettings) -> None:
    """Make every service's role and, in the template, its schema and tables."""
    for service in SERVICES:
        execute(
            server,
            f"DO $$ BEGIN IF to_regrole('{service}') IS NULL THEN CREATE ROLE {service} LOGIN; END IF; END $$",
            f"ALTER ROLE {service} PASSWORD '{ROLE_PASSWORD.get_secret_value()}'",
        )
    execute(server, f"DROP DATABASE IF EXISTS {TEMPLATE}", f"CREATE DATABASE {TEMPLATE}")
    template = server.model_copy(update={"database": TEMPLATE})
    owners = {**{service: service for service in SERVICES}, "read": "catalog"}
    execute(template, *(f"CREATE SCHEMA {schema} AUTHORIZATION {owner}" for schema, owner in owners.items()))
    for schema in TABLES:
        wait_for(_make_tables(template.model_copy(update={"user": owners[schema], "password": ROLE_PASSWORD}), schema))


async def _make_tables(role: PostgresSettings, schema: str) -> None:
    database = await Database.open(role)
    try:
        for package in TABLES[schema]:
            await migrate(database, f"services.{package}", schema)
    finally:
        await database.close()

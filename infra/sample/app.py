"""Makes the sample app: roles, databases, rows and documents; whole or not at all, and only once."""

import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from infra.local.engines.postgres import installation
from infra.local.private import write_private
from infra.sample.documents import as_csv, write_documents
from infra.sample.names import AppNames, EnvironmentNames
from infra.sample.plan import planned_documents, portraits
from infra.sample.psql import Psql
from services.platform.process.settings import PostgresSettings

SCHEMA: Final = ("schema_types", "schema_sales", "schema_warehouse", "schema_office")
HALVES: Final = (("chance", "data_sales", "indexes_sales"), ("chance", "data_stock", "indexes_stock"))
"""Independent of each other, so that they run side by side."""
FIRST_MAJOR_WITH_MORE: Final = 18
"""From this major on, eighteen.sql adds what older ones do not know."""
TAKE_ROWS: Final = "COPY office.file_document (id, file_name, media_type, size_bytes) FROM STDIN (FORMAT csv)"


@dataclass(frozen=True)
class SampleEnvironment:
    """One environment: how its app reaches its database (as the environment role), and its documents."""

    names: EnvironmentNames
    psql: Psql
    documents: Path


@dataclass(frozen=True)
class Sample:
    """The sample app as it lies on one server and one disk."""

    names: AppNames
    production: SampleEnvironment
    acceptance: SampleEnvironment


@dataclass(frozen=True)
class SampleGround:
    """What a sample is made on: a server (as a superuser), a directory for documents, one for passwords."""

    server: PostgresSettings
    documents: Path
    secrets: Path
    names: AppNames = field(default_factory=AppNames)
    binaries: Path = field(default_factory=lambda: installation() / "bin")

    @property
    def admin(self) -> Psql:
        """Whoever may make roles and databases."""
        return Psql(self.server, self.binaries)

    def password(self, secret: str) -> SecretStr:
        """The password kept under this name; a new one where there is none."""
        path = self.secrets / secret
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return SecretStr(path.read_text(encoding="utf-8").strip())

    def environment(self, names: EnvironmentNames, *, database: str | None = None) -> SampleEnvironment:
        """One of both, seen as its own role."""
        login = {"user": names.owner, "password": self.password(names.secret), "database": database or names.database}
        psql = Psql(self.server.model_copy(update=login), self.binaries)
        return SampleEnvironment(names, psql, self.documents / names.environment)

    def exists(self, database: str) -> bool:
        """Whether the server has this database."""
        return bool(self.admin.query(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))  # noqa: S608 -- ours


def make_sample(ground: SampleGround, *, scale: float = 1.0) -> Sample:
    """Make what is missing of both environments; may be called again.

    `scale` 1 is about 210 MB of rows and 85 MB in 5,080 documents. Passwords are kept in `ground.secrets`, one file
    each, mode 0600. What an interrupted call began is thrown away and made anew. Raises SampleError.
    """
    names = ground.names
    _make_roles(ground)
    _make_empty(ground, names.acceptance)
    if not ground.exists(names.production.database):
        _make_production(ground, scale)
    return Sample(names, ground.environment(names.production), ground.environment(names.acceptance))


def _make_roles(ground: SampleGround) -> None:
    password = ground.password(ground.names.provisioner_secret).get_secret_value()
    psql = Psql(ground.server, ground.binaries, {"NIGHTKEEP_SAMPLE_PROVISIONER_PASSWORD": password})
    psql.scripts("roles", variables={"provisioner": ground.names.provisioner, "clerk": ground.names.clerk})


def _make_database(ground: SampleGround, names: EnvironmentNames, database: str) -> None:
    password = ground.password(names.secret).get_secret_value()
    psql = Psql(ground.server, ground.binaries, {"NIGHTKEEP_SAMPLE_OWNER_PASSWORD": password})
    roles = {"owner": names.owner, "reader": names.reader, "provisioner": ground.names.provisioner}
    psql.scripts("environment", variables={"database": database, **roles})


def _make_empty(ground: SampleGround, names: EnvironmentNames) -> None:
    _make_database(ground, names, names.database)
    (ground.documents / names.environment).mkdir(parents=True, exist_ok=True)


def _make_production(ground: SampleGround, scale: float) -> None:
    """Beside its place, and moved there when it is whole; documents first, since the database says that all is done."""
    names = ground.names.production
    unfinished, directory = f"{names.database}_unfinished", ground.documents / names.environment
    shutil.rmtree(directory, ignore_errors=True)
    ground.admin.query(f'DROP DATABASE IF EXISTS "{unfinished}"')
    _make_database(ground, names, unfinished)
    beside = ground.environment(names, database=unfinished)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write_documents, directory, planned_documents(scale))
        _fill(ground, beside.psql, scale)
        written.result()
    ground.admin.query(f'ALTER DATABASE "{unfinished}" RENAME TO "{names.database}"')


def _fill(ground: SampleGround, psql: Psql, scale: float) -> None:
    psql.scripts(*SCHEMA)
    psql.query(TAKE_ROWS, as_csv(planned_documents(scale)))
    variables = {"scale": scale, "portraits": portraits(scale)}
    with ThreadPoolExecutor(len(HALVES)) as pool:
        halves = [pool.submit(psql.scripts, *half, variables=variables) for half in HALVES]
        for half in halves:
            half.result()
    newer = int(psql.query("SHOW server_version_num")) // 10000 >= FIRST_MAJOR_WITH_MORE
    last = ("behaviour", "security", *(("eighteen",) if newer else ()))
    psql.scripts(*last, variables={"reader": ground.names.production.reader, "clerk": ground.names.clerk})

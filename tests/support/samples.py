"""A small sample app of a test's own, and copies of it made by hand."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from infra.local.engines.postgres import STACK_WHEEL, installation
from infra.sample import Sample, SampleEnvironment, SampleGround, make_sample
from infra.sample.names import AppNames
from infra.sample.psql import Psql
from services.platform.process.settings import PostgresSettings
from tests.support.databases import AS_FILES, execute

SMALL = 0.01
"""A hundredth of the rows and documents; every kind of thing is there."""


def sample_ground(server: PostgresSettings, directory: Path, wheel: str = STACK_WHEEL) -> SampleGround:
    """A place for a sample that no other test has."""
    secrets = directory / "secrets"
    secrets.mkdir(mode=0o700)
    names = AppNames(f"sample_{uuid4().hex[:8]}")
    return SampleGround(server, directory / "documents", secrets, names, installation(wheel) / "bin")


@contextmanager
def small_sample(ground: SampleGround) -> Iterator[Sample]:
    """A sample that goes with the test."""
    try:
        yield make_sample(ground, scale=SMALL)
    finally:
        names = (ground.names.production, ground.names.acceptance)
        of_sample = f"FROM pg_database WHERE pg_get_userbyid(datdba) ^@ '{ground.names.app}'"
        for database in execute(ground.server, f"SELECT datname {of_sample}").splitlines():
            drop_database(ground.server, database)
        roles = [role for name in names for role in (name.owner, name.reader)]
        for role in (*roles, ground.names.provisioner, ground.names.clerk):
            execute(ground.server, f'DROP ROLE IF EXISTS "{role}"')


def drop_database(server: PostgresSettings, database: str) -> None:
    """Remove a database, with whoever is still connected."""
    execute(server, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def clone(ground: SampleGround, original: SampleEnvironment, directory: Path) -> Iterator[SampleEnvironment]:
    """A copy of database and documents: what a perfect restore would have left there."""
    database, documents = f"clone_{uuid4().hex}", directory / uuid4().hex
    owner, template = original.names.owner, original.psql.server.database
    execute(ground.server, f'CREATE DATABASE {database} OWNER "{owner}" TEMPLATE "{template}" {AS_FILES}')
    shutil.copytree(original.documents, documents)
    server = original.psql.server.model_copy(update={"database": database})
    try:
        yield replace(original, psql=Psql(server, ground.binaries), documents=documents)
    finally:
        drop_database(ground.server, database)


@contextmanager
def restored_by_hand(ground: SampleGround, original: SampleEnvironment, dump: Path) -> Iterator[SampleEnvironment]:
    """The database as pg_restore makes it of a dump, with the documents of the original."""
    database, owner = f"restored_{uuid4().hex}", original.names.owner
    execute(ground.server, f'CREATE DATABASE {database} OWNER "{owner}" TEMPLATE template0 {AS_FILES}')
    psql = Psql(original.psql.server.model_copy(update={"database": database}), ground.binaries)
    original.psql.program("pg_dump", ["-Fc", "-f", str(dump)])
    psql.program("pg_restore", ["-e", "-d", database, str(dump)])
    try:
        yield replace(original, psql=psql)
    finally:
        drop_database(ground.server, database)

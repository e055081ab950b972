"""What pg_restore makes of a database-only archive, beside what it makes of a dump that pg_dump compressed itself."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.events.archives import DataType
from infra.demo.evidence import compare
from infra.demo.witnesses import look
from infra.sample import Sample, SampleEnvironment, SampleGround
from infra.sample.registration import production_of
from services.platform.archives.workshop import Workshop
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase
from services.platform.process.secrets import SecretDirectory
from services.platform.process.settings import PostgresSettings
from tests.support.archiving import archived, repository_in, stored
from tests.support.databases import execute
from tests.support.restoring import TOOLS
from tests.support.samples import drop_database, sample_ground, small_sample

RESTRICTED = ("\\restrict", "\\unrestrict")
"""Lines with a random word in each script."""


@dataclass(frozen=True)
class Downloaded:
    """The sample's production, the file that is downloaded of it, and what pg_dump writes of the same."""

    ground: SampleGround
    sample: Sample
    ours: Path
    theirs: Path

    def script(self, dump: Path, *options: str) -> list[str]:
        """The SQL that pg_restore makes of a dump."""
        printed = self.sample.production.psql.program("pg_restore", [*options, "-f", "-", str(dump)])
        return [_told(line) for line in printed.splitlines() if not line.startswith(RESTRICTED)]

    @contextmanager
    def restored(self, dump: Path, *options: str) -> Iterator[SampleEnvironment]:
        """A database that pg_restore made of a dump."""
        original, database = self.sample.production, f"restored_{uuid4().hex}"
        create = f'CREATE DATABASE {database} OWNER "{original.names.owner}" TEMPLATE template0'
        execute(self.ground.server, create)
        psql = replace(original.psql, server=original.psql.server.model_copy(update={"database": database}))
        try:
            psql.program("pg_restore", ["-e", *options, "-d", database, str(dump)])
            yield replace(original, psql=psql)
        finally:
            drop_database(self.ground.server, database)


@pytest.fixture(scope="module")
async def downloaded(postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Downloaded]:
    directory = tmp_path_factory.mktemp("sample")
    ground = sample_ground(postgres, directory)
    with small_sample(ground) as sample:
        ours, theirs = directory / "ours.backup", directory / "theirs.backup"
        sample.production.psql.program("pg_dump", ["-Fc", "-f", str(theirs)])
        ours.write_bytes(await _archive(sample, ground, directory))
        yield Downloaded(ground, sample, ours, theirs)


def _told(line: str) -> str:
    """Comments name the owner that there is, or say that nobody asked for it."""
    return line.partition("; Owner: ")[0] if line.startswith("-- ") else line


async def _archive(sample: Sample, ground: SampleGround, directory: Path) -> bytes:
    """The archive of the dump that a backup would store."""
    access = DatabaseAccess.of(production_of(sample).database, SecretDirectory(ground.secrets))
    async with EnvironmentDatabase(access, TOOLS).open_snapshot() as snapshot, snapshot.dump() as pieces:
        dump = b"".join([piece async for piece in pieces])
    repository = repository_in(directory / "store")
    with Workshop.open(2) as workshop:
        backup = await stored(repository, dump, {})
        archive = await archived(repository, backup, DataType.DATABASE_ONLY, workshop)
        return await archive.read()


def test_it_is_at_most_a_tenth_larger_than_what_pg_dump_compresses(downloaded: Downloaded) -> None:
    assert downloaded.ours.stat().st_size <= 1.1 * downloaded.theirs.stat().st_size


def test_it_says_the_same_as_pg_dumps_own_without_owners_and_privileges(downloaded: Downloaded) -> None:
    assert downloaded.script(downloaded.ours) == downloaded.script(downloaded.theirs, "-O", "-x")


def test_several_sessions_restore_it_at_once_since_it_says_where_its_data_is(downloaded: Downloaded) -> None:
    with (
        downloaded.restored(downloaded.theirs, "-O", "-x") as expected,
        downloaded.restored(downloaded.ours, "-j", "2") as found,
    ):
        differences = compare(look(expected, documents=False), look(found, documents=False))
    assert list(map(str, differences)) == []


def test_it_is_restored_from_a_stream_too(downloaded: Downloaded) -> None:
    psql = downloaded.sample.production.psql
    listed = psql.program("pg_restore", ["-l"], downloaded.ours.read_bytes())
    assert "TABLE DATA" in listed
    assert "gzip" in listed
    assert " ACL " not in listed

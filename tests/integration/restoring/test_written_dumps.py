"""Whatever pg_dump writes may be sent, with all kinds of objects; rows as INSERT statements may not."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from contracts.events.archives import DataType
from contracts.events.uploads import DataUploaded
from services.platform.connectors.database.children import Invocation, output_of
from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.restore_stage import RestoreStage
from tests.support.restoring import TOOLS, streamed, target
from tests.support.rich_schema import fill

SCRIPT: Final = Path(__file__).parents[2] / "support" / "every_kind.sql"
MANNERS: Final = (
    (),
    ("--compress=0", "--create", "--clean", "--if-exists"),
    ("--quote-all-identifiers", "--load-via-partition-root", "--no-owner"),
    ("--schema-only",),
    ("--data-only", "--disable-triggers"),
)
INSERTING: Final = ("--inserts", "--column-inserts", "--rows-per-insert=10")


@pytest.fixture(scope="module")
def everything(postgres: PostgresSettings, postgres17_tls: PostgresSettings) -> Iterator[list[AppDatabase]]:
    """A database with something of every kind, on each server."""
    with ExitStack() as stack:
        apps = [stack.enter_context(app_database(server)) for server in (postgres, postgres17_tls)]
        for app in apps:
            said = SCRIPT.read_text().replace("{reader}", app.reader).replace("{database}", app.name)
            app.run(said, superuser=True)
        yield apps


@pytest.fixture
def rich(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    """What an environment's own role makes."""
    with app_database(postgres) as app:
        fill(app, superuser=False)
        yield app


async def pg_dump(app: AppDatabase, *manner: str) -> bytes:
    """As an administrator makes one, in this manner, with the tools of the server's own major."""
    server, tls = app.server, app.server.ca_file is not None
    environment = {
        "PGPASSWORD": server.password.get_secret_value(),
        "PGSSLMODE": str(server.sslmode),
        "PGSSLROOTCERT": str(server.ca_file or ""),
    }
    arguments = (f"--host={server.host}", f"--port={server.port}", f"--username={server.user}", "--format=custom")
    program = await TOOLS.directory(17 if tls else 18, tls=tls) / "pg_dump"
    code, printed, words = await output_of(Invocation(program, (*arguments, *manner, app.name), environment))
    assert code == 0, words
    return printed


@pytest.mark.parametrize("manner", MANNERS, ids=" ".join)
async def test_what_pg_dump_writes_is_taken(
    everything: list[AppDatabase], tmp_path: Path, manner: tuple[str, ...]
) -> None:
    for app in everything:
        sent = await pg_dump(app, *manner)
        archive = await target(everything[0], tmp_path).read_archive(streamed(sent), foreign=True)
        assert archive.contents.entries


@pytest.mark.parametrize("manner", INSERTING)
async def test_rows_as_statements_are_refused(everything: list[AppDatabase], tmp_path: Path, manner: str) -> None:
    sent = await pg_dump(everything[0], manner)
    with pytest.raises(UnsupportedContentError, match="make it without --inserts"):
        await target(everything[0], tmp_path).read_archive(streamed(sent), foreign=True)


async def test_statistics_that_a_newer_pg_dump_adds_are_taken(everything: list[AppDatabase], tmp_path: Path) -> None:
    sent = await pg_dump(everything[0], "--statistics")
    archive = await target(everything[0], tmp_path).read_archive(streamed(sent), foreign=True)
    assert any(entry.what.startswith("STATISTICS DATA ") for entry in archive.contents.entries)


async def test_a_rich_schema_that_was_sent_is_loaded_as_it_was(
    stage: RestoreStage, rich: AppDatabase, destination: AppDatabase
) -> None:
    place = await stage.register(destination)
    upload_id = await stage.ask_upload(place, await pg_dump(rich), DataType.DATABASE_ONLY)
    await stage.run(upload_id)
    uploaded = (await stage.said(upload_id))[-1]
    assert isinstance(uploaded, DataUploaded), uploaded
    assert destination.as_text() == rich.as_text().replace(rich.role, destination.role)

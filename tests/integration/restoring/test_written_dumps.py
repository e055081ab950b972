"""Whatever pg_dump writes may be sent, with all kinds of objects; rows as INSERT statements may not."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from infra.local.engines.postgres import installation
from services.platform.archives.dump.texts import read_texts
from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.restoring import TOOLS, streamed, target

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


async def pg_dump(app: AppDatabase, *manner: str) -> bytes:
    server = app.server
    directory = await TOOLS.directory(17 if server.ca_file else 18, tls=server.ca_file is not None)
    environment = {
        "PGPASSWORD": server.password.get_secret_value(),
        "PGSSLMODE": str(server.sslmode),
        "PGSSLROOTCERT": str(server.ca_file or ""),
    }
    command = (directory / "pg_dump", f"--host={server.host}", f"--port={server.port}", f"--username={server.user}")
    done = subprocess.run([*command, "--format=custom", *manner, app.name], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("manner", MANNERS, ids=" ".join)
async def test_what_pg_dump_writes_is_taken(everything: list[AppDatabase], tmp_path: Path, manner: tuple[str, ...]) -> None:
    for app in everything:
        sent = await pg_dump(app, *manner)
        print(sorted({(t.kind, t.definition[:60]) for t in read_texts(sent)}))
        archive = await target(everything[0], tmp_path).read_archive(streamed(sent), foreign=True)
        assert archive.contents.entries


@pytest.mark.parametrize("manner", INSERTING)
async def test_rows_as_statements_are_refused(everything: list[AppDatabase], tmp_path: Path, manner: str) -> None:
    sent = await pg_dump(everything[0], manner)
    with pytest.raises(UnsupportedContentError, match="make it without --inserts"):
        await target(everything[0], tmp_path).read_archive(streamed(sent), foreign=True)

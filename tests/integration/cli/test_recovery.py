"""`nightkeep repository export` on a real bucket: what it writes, PostgreSQL loads; the process knows no Kafka."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.connectors.database import PostgresTools
from services.platform.connectors.database.children import Invocation, output_of
from services.platform.process.settings import PostgresSettings, S3Settings
from services.platform.repository import RepositoryV2
from tests.support.app_databases import app_database
from tests.support.buckets import fresh_prefix
from tests.support.capturing import Place

ROOT = Path(__file__).parents[3]


def nightkeep(settings: S3Settings, key_file: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The program as an operator starts it on a machine that has nothing but the settings of the bucket."""
    group = settings.model_dump(mode="json", exclude_none=True)
    group["secret_access_key"] = settings.secret_access_key.get_secret_value()
    bucket = {f"NIGHTKEEP_S3__{name.upper()}": str(value) for name, value in group.items()}
    others = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTKEEP_")}
    environment = {**others, **bucket, "NIGHTKEEP_REPOSITORY__KEY_FILE": str(key_file), "COLUMNS": "80"}
    command = [sys.executable, "-m", "services.cli", "repository", *map(str, words)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_an_exported_backup_is_loaded_by_pg_restore(
    postgres: PostgresSettings, s3: S3Settings, tmp_path: Path
) -> None:
    key_file, documents = tmp_path / "repository.key", tmp_path / "documents"
    key_file.write_text("ab" * 32)
    key_file.chmod(0o600)
    documents.mkdir()
    async with fresh_prefix(s3) as (settings, store):
        with app_database(postgres) as database:
            database.run("CREATE TABLE document (id uuid PRIMARY KEY, size bigint)")
            place = Place(database, documents, RepositoryV2(store, b"\xab" * 32).of(uuid4()))
            put = {place.put(os.urandom(2000)): None for _ in range(20)}
            await place.repository.begin_backup(uuid4())
            whole = place.manifest(await place.capture())
            assert (await place.repository.put_manifest(whole)).manifest
            listed = await asyncio.to_thread(nightkeep, settings, key_file, "list")
            assert str(whole.backup_id) in listed.stdout, listed.stderr
            target = tmp_path / "out"
            done = await asyncio.to_thread(nightkeep, settings, key_file, "export", whole.backup_id, "--to", target)
            assert done.returncode == 0, done.stderr
            assert await rows_of(target / "database.dump") == {str(document_id) for document_id in put}
        for document_id in put:
            relative = place.path(document_id).relative_to(documents)
            assert (target / "files" / relative).read_bytes() == place.path(document_id).read_bytes()


async def rows_of(dump: Path) -> set[str]:
    """The ids in the dump's only table, as `pg_restore` reads them."""
    tools = await PostgresTools({}).directory(18)
    arguments = ("--data-only", "--table=document", "--file=-", str(dump))
    _, printed, _ = await output_of(Invocation(tools / "pg_restore", arguments, {}))
    rows = printed.decode().partition("FROM stdin;\n")[2].partition("\n\\.\n")[0]
    return {row.split("\t")[0] for row in rows.splitlines()}


@pytest.mark.parametrize("module", ["services.cli.recovery.exporting", "services.cli.recovery.settings"])
def test_what_reads_a_repository_loads_no_kafka_and_no_postgresql(module: str) -> None:
    look = f"import sys, {module}; print([name for name in ('aiokafka', 'faust', 'asyncpg') if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"

"""A client that a generator makes of the gateway's OpenAPI document does the main job, and nothing in it is ours."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest

from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.gateway import PATIENT
from tests.support.local_client import loopback_client
from tests.support.main_job import MainJob, open_main_job
from tests.support.running_services import open_platform

PACKAGE: Final = "nightkeep_client"
WITHIN_SECONDS: Final = 120


@dataclass(frozen=True)
class Generated:
    """The generated package, connected; `models` are its classes, `file` its class for bytes."""

    connection: Any
    models: Any
    file: Any

    async def call(self, operation: str, *arguments: object, **options: object) -> tuple[HTTPStatus, Any]:
        """Status and answer of an operation like `backups.create_backup`.

        In a thread: what the generator makes for an event loop cannot send a file.
        """
        called = import_module(f"{PACKAGE}.api.{operation}").sync_detailed
        answer = await asyncio.to_thread(called, *arguments, client=self.connection, **options)
        return answer.status_code, answer.parsed

    async def ended(self, operation: str, thing_id: object) -> Any:  # noqa: ANN401 -- a generated class
        """What the operation shows once that is neither queued nor running."""

        async def look() -> Any:  # noqa: ANN401 -- a generated class
            _, shown = await self.call(operation, thing_id)
            return shown if shown.state not in {"queued", "running"} else None

        return await eventually(look, within_seconds=WITHIN_SECONDS)


@pytest.fixture
async def job(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, fresh_bucket: S3Settings, tmp_path: Path
) -> AsyncIterator[MainJob]:
    async with open_platform(kafka_settings, fresh_database, fresh_bucket, tmp_path) as platform:
        platform.settings |= PATIENT
        async with open_main_job(platform, documents=10) as opened:
            yield opened


@pytest.fixture
async def generated(job: MainJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generated:
    """Made anew of what the gateway tells of itself; whatever the generator would have to leave out fails it."""
    config = tmp_path / "generator.json"
    config.write_text(json.dumps({"post_hooks": []}))
    program = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
    document = tmp_path / "openapi.json"
    async with loopback_client(base_url=job.platform.gateway_url, timeout=WITHIN_SECONDS) as client:
        document.write_bytes((await client.get("/openapi.json")).content)
    places = ["--path", str(document), "--output-path", str(tmp_path / PACKAGE)]
    made = await asyncio.to_thread(
        subprocess.run, [*program, "--config", str(config), *places], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)
    client = import_module(f"{PACKAGE}.client").AuthenticatedClient(
        base_url=job.platform.gateway_url, token=job.api_key, timeout=None, raise_on_unexpected_status=True
    )
    return Generated(client, import_module(f"{PACKAGE}.models"), import_module(f"{PACKAGE}.types").File)


async def test_a_generated_client_backs_up_lists_restores_and_understands_a_refusal(
    job: MainJob, generated: Generated
) -> None:
    models = generated.models
    _, apps = await generated.call("apps.list_apps")
    assert [(app.app_id, app.slug) for app in apps.apps] == [(job.app.app_id, "shop")]

    body = models.NewBackup(comment="by a generated client")
    status, backup = await generated.call("backups.create_backup", job.production.environment_id, body=body)
    assert (status, type(backup)) == (HTTPStatus.ACCEPTED, models.Backup)
    backup = await generated.ended("backups.show_backup", backup.backup_id)
    assert (backup.state, backup.comment) == (models.BackupState.COMPLETED, "by a generated client")
    assert backup.files.count == 10
    _, listed = await generated.call("backups.list_backups", job.production.environment_id)
    assert [one.backup_id for one in listed.backups] == [backup.backup_id]

    wish = models.NewRestore(backup_id=backup.backup_id)
    _, restore = await generated.call("restores.create_restore", job.acceptance.environment_id, body=wish)
    restore = await generated.ended("restores.show_restore", restore.restore_id)
    assert restore.state is models.RestoreState.COMPLETED
    assert job.places["acceptance"].everything() == job.places["production"].everything()

    status, refusal = await generated.call("restores.create_restore", job.production.environment_id, body=wish)
    assert (status, type(refusal), refusal.error_code) == (HTTPStatus.CONFLICT, models.Refusal, "ERROR_NOT_ALLOWED")
    assert "stop it first" in refusal.error_message


async def test_a_generated_client_sends_a_file_in_parts_and_fetches_a_document(
    job: MainJob, generated: Generated
) -> None:
    models, data = generated.models, b"any bytes \x00\xff" * 1000
    wish = models.NewParcel(size_bytes=len(data), sha256=sha256(data).hexdigest())
    _, parcel = await generated.call("uploads.create_parcel", job.acceptance.environment_id, body=wish)
    part = generated.file(payload=BytesIO(data))
    status, _ = await generated.call("uploads.send_part", parcel.parcel_id, 0, body=part)
    _, parcel = await generated.call("uploads.show_parcel", parcel.parcel_id)
    assert (status, parcel.received, parcel.missing) == (HTTPStatus.NO_CONTENT, 1, [])

    _, backup = await generated.call(
        "backups.create_backup", job.production.environment_id, body=models.NewBackup(comment="")
    )
    await generated.ended("backups.show_backup", backup.backup_id)
    _, page = await generated.call("contents.list_files", backup.backup_id)
    document = page.files[0]
    _, fetched = await generated.call("contents.fetch_file", backup.backup_id, document.document_id)
    id_ = str(document.document_id)
    kept = job.places["production"].documents / id_[:2] / id_[2:4] / id_
    assert fetched.payload.read() == kept.read_bytes()

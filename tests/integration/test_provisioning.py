"""The setup makes what services need, once or again, and idle services then follow the log."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.databases import FreshDatabase, execute
from tests.support.running_services import open_platform


@pytest.fixture
def server_with_new_names(postgres: PostgresSettings) -> Iterator[PostgresSettings]:
    """The server, with the name of a database that is not there yet."""
    name = f"set_up_{uuid4().hex[:8]}"
    yield postgres.model_copy(update={"database": name})
    execute(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"DROP ROLE IF EXISTS {name}_role")


def set_up(environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "services.platform.provision"]
    return subprocess.run(command, env=environment, check=False)


async def test_the_setup_can_run_twice_and_lets_each_role_in(
    server_with_new_names: PostgresSettings,
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    s3: S3Settings,
    tmp_path: Path,
) -> None:
    role = f"{server_with_new_names.database}_role"
    bucket = s3.model_copy(update={"bucket": f"set-up-{uuid4().hex[:8]}"})
    async with open_platform(kafka_settings, fresh_database, bucket, tmp_path) as platform:
        environment = platform.environment("catalog") | {
            "NIGHTKEEP_POSTGRES__DATABASE": server_with_new_names.database,
            "NIGHTKEEP_POSTGRES__USER": server_with_new_names.user,
            "NIGHTKEEP_POSTGRES__PASSWORD": server_with_new_names.password.get_secret_value(),
            "NIGHTKEEP_PROVISION__PASSWORDS": f'{{"{role}": "first"}}',
        }
        for password in ("first", "second"):
            environment["NIGHTKEEP_PROVISION__PASSWORDS"] = f'{{"{role}": "{password}"}}'
            done = await asyncio.to_thread(set_up, os.environ | environment)
            assert done.returncode == 0
    own = server_with_new_names.model_copy(update={"user": role, "password": SecretStr("second")})
    assert execute(own, "CREATE SCHEMA mine", "SELECT current_user") == role


@pytest.mark.parametrize("service", ["retention", "replication"])
async def test_an_idle_service_follows_the_log_and_ends_in_order(
    service: str, kafka_settings: KafkaSettings, fresh_database: FreshDatabase, fresh_bucket: S3Settings, tmp_path: Path
) -> None:
    async with open_platform(kafka_settings, fresh_database, fresh_bucket, tmp_path) as platform:
        await platform.start(service)
        assert platform.services[service].end(signal.SIGTERM) == 0

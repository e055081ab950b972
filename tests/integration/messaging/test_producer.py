"""An acknowledged record is on the topic, and one in doubt may be sent again."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from contracts.codec import RawRecord
from contracts.topics import Topic
from infra.local.engines.kafka import Kafka
from infra.local.ports import free_port
from services.platform.messaging.errors import BrokerUnavailableError, RecordRefusedError, SendInDoubtError
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.records import Received
from services.platform.messaging.topics import ensure_topics, partition_of
from services.platform.process.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.local_engines import kafka_settings_of, running


def record(key: str, text: str) -> RawRecord:
    return RawRecord(key.encode(), text.encode(), (("ce_id", b"x"),))


async def sent(producer: Producer, text: str) -> bool:
    """Whether the broker said in time that it has the record."""
    try:
        await producer.send(Topic.EVENTS, record("a", text))
    except (SendInDoubtError, BrokerUnavailableError):
        return False
    return True


async def read_all(settings: KafkaSettings, topic: Topic = Topic.EVENTS) -> list[Received]:
    async with LogReader.open(settings) as reader:
        ends = await reader.ends(topic)
        return [r for p, end in ends.items() async for records in reader.read(topic, p, 0, end) for r in records]


async def test_a_batch_keeps_the_order_of_each_key_and_says_where_each_record_is(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings)
    sent = [record(f"key {n % 5}", str(n)) for n in range(500)]
    async with Producer.open(kafka_settings) as producer:
        places = await producer.send_batch(Topic.EVENTS, sent)
    found = {received.place: received.record for received in await read_all(kafka_settings)}
    assert [found[place] for place in places] == sent
    assert all(place.partition == partition_of(r.key.decode()) for place, r in zip(places, sent, strict=True) if r.key)
    for key in range(5):
        offsets = [place.offset for place in places[key::5]]
        assert offsets == sorted(offsets)


async def test_a_range_of_the_log_is_read_from_start_to_end(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings)
    async with Producer.open(kafka_settings) as producer, LogReader.open(kafka_settings) as reader:
        places = await producer.send_batch(Topic.EVENTS, [record("a", str(n)) for n in range(10)])
        part = places[0].partition
        texts = [r.record.value async for some in reader.read(Topic.EVENTS, part, 3, 7) for r in some]
        assert texts == [b"3", b"4", b"5", b"6"]
        assert [some async for some in reader.read(Topic.EVENTS, part, 4, 4)] == []


async def test_a_record_that_the_broker_never_takes_is_no_transient_error(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings)
    async with Producer.open(kafka_settings) as producer:
        with pytest.raises(RecordRefusedError):
            await producer.send(Topic.EVENTS, record("a", "x" * 2_000_000))
        assert await producer.send(Topic.EVENTS, record("a", "short"))


@asynccontextmanager
async def broker_gone(tmp_path: Path) -> AsyncIterator[tuple[Kafka, KafkaSettings, Producer]]:
    """A producer that has sent "before", to a broker that has ended since."""
    engine = Kafka(tmp_path, free_port(), free_port(), password=secrets.token_urlsafe())
    settings = kafka_settings_of(engine.address, engine.password)
    async with AsyncExitStack() as stack:
        with running(engine):
            await ensure_topics(settings)
            producer = await stack.enter_async_context(Producer.open(settings, send_seconds=2))
            await eventually(lambda: sent(producer, "before"))
        yield engine, settings, producer


async def test_a_producer_goes_on_after_the_broker_was_away(tmp_path: Path) -> None:
    async with broker_gone(tmp_path) as (engine, settings, producer):
        for _ in range(2):
            with pytest.raises((SendInDoubtError, BrokerUnavailableError)):
                await producer.send(Topic.EVENTS, record("a", "meanwhile"))
        with running(engine):
            await eventually(lambda: sent(producer, "after"))
            texts = [received.record.value for received in await read_all(settings)]
    assert list(dict.fromkeys(texts)) == [b"before", b"after"]  # what was in doubt may be there twice


async def test_records_are_given_up_in_time_however_soon_their_sender_stops_waiting(tmp_path: Path) -> None:
    async with broker_gone(tmp_path) as (engine, settings, producer):
        for number in range(8):
            await impatient(producer, f"meanwhile {number}")
        with running(engine):
            await eventually(lambda: sent(producer, "after"))
            texts = {received.record.value for received in await read_all(settings)}
    assert {b"before", b"after"} <= texts
    assert b"meanwhile 0" not in texts  # nobody has asked for it since long


async def impatient(producer: Producer, text: str) -> None:
    """Send to a broker that is away, and wait for less long than the producer tries; come back after that time."""
    waited = asyncio.create_task(asyncio.sleep(0.5))
    with pytest.raises((TimeoutError, SendInDoubtError, BrokerUnavailableError)):
        async with asyncio.timeout(0.5):
            await producer.send(Topic.EVENTS, record("a", text))
    await waited

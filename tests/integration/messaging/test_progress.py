"""Whoever watches a job sees how far it is, at most once a second."""

import asyncio
from uuid import UUID, uuid4

import pytest

from contracts.progress import JobProgressed
from contracts.topics import Topic
from services.platform.messaging import progress
from services.platform.messaging.producer import Producer
from services.platform.messaging.progress import ProgressPublisher, ProgressTail
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.clock import SystemClock
from services.platform.process.settings import KafkaSettings
from tests.support.events import cause


def look(entity_id: UUID, step: int, bytes_done: int) -> JobProgressed:
    return JobProgressed(
        entity="backup",
        entity_id=entity_id,
        environment_id=UUID(int=1),
        step=step,
        steps=7,
        sentence="dump the database",
        bytes_done=bytes_done,
    )


async def test_a_watcher_sees_every_step_but_not_every_look(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 3600.0)  # however long this test takes, it is within the interval
    await ensure_topics(kafka_settings)
    backup_id = uuid4()
    async with Producer.open(kafka_settings) as producer, ProgressTail.open(kafka_settings) as tail:
        publisher = ProgressPublisher(producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
        watcher = tail.watch(backup_id)
        for step in (1, 2, 3):
            for bytes_done in range(100):
                publisher.publish(look(backup_id, step, bytes_done), cause(), "platform")
            seen = await asyncio.wait_for(anext(watcher), 60)
            assert (seen.step, seen.bytes_done) == (step, 0)
    async with LogReader.open(kafka_settings) as reader:
        assert await reader.ends(Topic.PROGRESS) == {0: 3}


async def test_a_trouble_is_told_at_once_and_taken_back_at_once(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 3600.0)
    await ensure_topics(kafka_settings)
    backup_id = uuid4()
    async with Producer.open(kafka_settings) as producer, ProgressTail.open(kafka_settings) as tail:
        publisher = ProgressPublisher(producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
        watcher = tail.watch(backup_id)
        for trouble in (None, "the object store is full", None):
            note = look(backup_id, 2, 0).model_copy(update={"trouble": trouble})
            publisher.publish(note, cause(), "platform")
            assert (await asyncio.wait_for(anext(watcher), 60)).trouble == trouble
            assert tail.newest(backup_id) == note


async def test_a_watcher_that_comes_later_sees_the_newest_look_at_once(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings)
    backup_id, other_id = uuid4(), uuid4()
    async with Producer.open(kafka_settings) as producer, ProgressTail.open(kafka_settings) as tail:
        publisher = ProgressPublisher(producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
        publisher.publish(look(backup_id, 4, 9), cause(), "platform")
        publisher.publish(look(other_id, 1, 0), cause(), "platform")
        await asyncio.wait_for(anext(tail.watch(other_id)), 60)
        assert await asyncio.wait_for(anext(tail.watch(backup_id)), 60) == look(backup_id, 4, 9)


async def test_progress_never_waits_for_a_broker_that_is_away() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    publisher = ProgressPublisher(Producer(nowhere), service="snapshot", clock=SystemClock(), new_id=uuid4)
    publisher.publish(look(uuid4(), 1, 0), cause(), "platform")  # no coroutine: all it can do is to begin

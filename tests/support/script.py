"""A script of somebody else: it has a Kafka client and the published contract, and nothing of ours.

JSON and headers are written and read by hand here, on purpose.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiokafka import (  # type: ignore[import-untyped]  # -- aiokafka has no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)

from services.platform.process.settings import KafkaSettings
from tests.support.eventually import eventually

Json = dict[str, Any]
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Seen:
    """An event as it lay on the topic."""

    name: str
    headers: dict[str, str]
    data: Json
    key: str
    partition: int
    offset: int

    @property
    def stream(self) -> str:
        """Its stream and its place there, like `catalog/app/1:2`."""
        return f"{self.headers['ce_subject']}:{self.headers['ce_sequence']}"


@dataclass
class Script:
    """Sends commands and follows the events; plays other services where a test needs their facts."""

    producer: Any
    prefix: str
    seen: list[Seen] = field(default_factory=list)
    caused: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    async def send(self, name: str, data: Json, *, key: object, command_id: str | None = None, **headers: str) -> str:
        """Put a command on the topic; returns its id."""
        command_id = command_id or str(uuid4())
        await self.put("commands", key, json.dumps(data).encode(), command_headers(name, command_id, **headers))
        return command_id

    async def put(self, topic: str, key: object, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Put any bytes on a topic."""
        await self.producer.send_and_wait(f"{self.prefix}.{topic}", value, key=str(key).encode(), headers=headers)

    async def say(self, name: str, data: Json, *, stream: str, sequence: int, key: object) -> None:
        """Say what another service would say."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid4()),
            "ce_type": f"nightkeep.event.{name}.v1",
            "ce_source": f"nightkeep/{stream.split('/', maxsplit=1)[0]}",
            "ce_subject": stream,
            "ce_time": "2026-03-04T12:00:00Z",
            "ce_sequence": str(sequence),
            "ce_correlationid": str(uuid4()),
            "ce_causationid": str(uuid4()),
            "ce_actor": "user:Karla",
            "content-type": "application/json",
        }
        await self.put("events", key, json.dumps(data).encode(), [(k, v.encode()) for k, v in headers.items()])

    async def event(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first event that is wanted, as soon as it is there."""

        async def found() -> Seen | None:
            return next((seen for seen in self.seen if wanted(seen)), None)

        seen = await eventually(found, within_seconds=PATIENCE_SECONDS)
        assert seen is not None
        return seen

    async def outcome(self, command_id: str) -> Seen:
        """The first event that a command has caused."""

        async def found() -> list[Seen]:
            return self.caused_by(command_id)

        return (await eventually(found, within_seconds=PATIENCE_SECONDS))[0]

    async def ask(self, name: str, data: Json, *, key: object, **headers: str) -> Seen:
        """Send a command and wait for its outcome."""
        return await self.outcome(await self.send(name, data, key=key, **headers))

    def caused_by(self, command_id: str) -> list[Seen]:
        """All records so far of events that a command has caused."""
        return self.caused[command_id]

    def events_caused_by(self, command_id: str) -> set[str]:
        """Their ids: a record that is there again, since its relay was killed before it noted it, is the same event."""
        return {seen.headers["ce_id"] for seen in self.caused_by(command_id)}


def command_headers(name: str, command_id: str, **headers: str) -> list[tuple[str, bytes]]:
    """What the contract says about the headers of a command."""
    told = {
        "ce_specversion": "1.0",
        "ce_id": command_id,
        "ce_type": f"nightkeep.command.{name}.v1",
        "ce_source": "urn:example:a-script",
        "ce_time": "2026-03-04T12:00:00Z",
        "ce_actor": "user:Karla",
        "content-type": "application/json",
    } | {f"ce_{name}": text for name, text in headers.items()}
    return [(name, text.encode()) for name, text in told.items()]


@asynccontextmanager
async def open_script(kafka: KafkaSettings, *, from_now: bool = False) -> AsyncIterator[Script]:
    """A script that has followed the event topic from its beginning, or one that begins `from_now`."""
    client = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": kafka.security_protocol,
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.username,
        "sasl_plain_password": kafka.password.get_secret_value() if kafka.password else None,
    }
    producer = AIOKafkaProducer(**client, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(**client, enable_auto_commit=False, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    script = Script(producer, kafka.topic_prefix)
    consumer.assign([TopicPartition(f"{kafka.topic_prefix}.events", partition) for partition in range(12)])
    if from_now:
        await consumer.seek_to_end()
    following = asyncio.create_task(_follow(consumer, script))
    try:
        yield script
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await asyncio.wait([asyncio.create_task(consumer.stop())])  # it may end as cancelled where a broker was away
        await producer.stop()


async def _follow(consumer: Any, script: Script) -> None:  # noqa: ANN401 -- aiokafka has no types
    async for record in consumer:
        headers = {name: value.decode() for name, value in record.headers}
        name = headers["ce_type"].split(".")[2]
        place = (record.partition, record.offset)
        seen = Seen(name, headers, json.loads(record.value), record.key.decode(), *place)
        script.seen.append(seen)
        script.caused[headers["ce_causationid"]].append(seen)

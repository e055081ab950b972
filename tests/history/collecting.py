"""Collects the evidence with the engines' own drivers: topics from their begin to their end, rows, objects, texts."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
from aiobotocore.session import AioSession  # type: ignore[import-untyped]  # -- aiobotocore has no types
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]  # -- aiokafka has no types

from tests.history.evidence import Call, Evidence, Json, Record

TABLES: Final = {
    "app": "app_id::text",
    "environment": "environment_id::text",
    "backup": "backup_id::text",
    "restore": "restore_id::text",
    "preflight": "preflight_id::text",
    "upload": "upload_id::text",
    "slot": "environment_id || '/' || slot_date",
    "policy_change": "policy_change_id::text",
    "listed_day": "environment_id || '/' || day",
    "audit": "event_id::text",
}
"""Of the read model, each with what names a row."""
BY_COLUMNS: Final = frozenset({"listed_day", "audit"})
"""Tables that are read by their columns; of the others a reader gets the document."""


@dataclass(frozen=True)
class Places:
    """Where to look. `kafka`, `postgres`, `s3` are what the drivers take; `prefix` ends in "/" or is empty."""

    kafka: Mapping[str, Any]
    topics: str
    postgres: Mapping[str, Any]
    s3: Mapping[str, Any]
    bucket: str
    prefix: str
    calls: Path
    logs: Sequence[Path]


async def collected(places: Places) -> Evidence:
    """What there is now; nobody should be writing any more."""
    texts = {str(log.name): log.read_text(encoding="utf-8", errors="replace") for log in places.logs}
    parcels = await _column(places, "SELECT parcel_id FROM gateway.parcel")  # first: its row goes after its parts
    return Evidence(
        events=await records(places, "events"),
        commands=await records(places, "commands"),
        progress=await records(places, "progress"),
        dead_letters=await records(places, "dead-letters"),
        calls=[Call(**json.loads(line)) for line in places.calls.read_text(encoding="utf-8").splitlines()],
        rows=await _rows(places),
        objects={key: data async for key, data in _objects(places)},
        unfinished=[key async for key in unfinished(places)],
        parcels=parcels,
        databases=await _column(places, "SELECT datname FROM pg_database"),
        texts=texts,
    )


async def records(places: Places, topic: str) -> list[Record]:
    """A topic from its begin to its end."""
    # From the earliest by itself, too: the driver's own first look, if it is slow, overrides a seek to the beginning.
    options = {"enable_auto_commit": False, "auto_offset_reset": "earliest"}
    consumer = AIOKafkaConsumer(f"{places.topics}.{topic}", **places.kafka, **options)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(f"{places.topics}.{topic}", n)
            for n in sorted(consumer.partitions_for_topic(f"{places.topics}.{topic}"))
        ]
        consumer.unsubscribe()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: dict[TopicPartition, list[Record]] = {one: [] for one in partitions}
        while left := [one for one, end in ends.items() if await consumer.position(one) < end]:
            for one, polled in (await consumer.getmany(*left, timeout_ms=1000)).items():
                found[one] += [_record(record) for record in polled if record.offset < ends[one]]
        return [record for one in partitions for record in found[one]]
    finally:
        await consumer.stop()


def _record(record: Any) -> Record:  # noqa: ANN401 -- aiokafka has no types
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    key = (record.key or b"").decode(errors="replace")
    return Record(record.partition, record.offset, key, headers, record.value or b"")


async def _rows(places: Places) -> dict[str, dict[str, Json]]:
    connection = await asyncpg.connect(**places.postgres)
    try:
        rows = {}
        for table, named_by in TABLES.items():
            told = f"to_jsonb({table})" if table in BY_COLUMNS else "document"
            found = await connection.fetch(f"SELECT {named_by} AS id, {told} AS document FROM read.{table}")  # noqa: S608 -- names from here
            rows[table] = {row["id"]: json.loads(row["document"]) for row in found}
        return rows
    finally:
        await connection.close()


async def _column(places: Places, query: str) -> set[str]:
    connection = await asyncpg.connect(**places.postgres)
    try:
        return {str(row[0]) for row in await connection.fetch(query)}
    finally:
        await connection.close()


@cache
def _session() -> AioSession:
    """One, since each reads the driver's description of S3 anew, which takes a tenth of a second."""
    return AioSession()


def s3_client(places: Places) -> Any:  # noqa: ANN401 -- aiobotocore has no types
    """The driver's client of the object store, for an `async with`."""
    return _session().create_client("s3", **places.s3)


async def unfinished(places: Places) -> AsyncIterator[str]:
    """The keys of objects that are put in parts and have no end."""
    async with s3_client(places) as client:
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=places.bucket, Prefix=places.prefix)
        async for page in pages:
            for begun in page.get("Uploads", ()):
                yield begun["Key"].removeprefix(places.prefix)


async def _objects(places: Places) -> AsyncIterator[tuple[str, bytes]]:
    async with s3_client(places) as client:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=places.bucket, Prefix=places.prefix)
        async for page in pages:
            for entry in page.get("Contents", ()):
                answer = await client.get_object(Bucket=places.bucket, Key=entry["Key"])
                async with answer["Body"] as body:
                    yield entry["Key"].removeprefix(places.prefix), await body.read()


def arguments() -> list[str]:
    """What anybody on the machine sees of the processes that there are now: their arguments."""
    found = []
    for path in Path("/proc").iterdir():  # no glob: it looks whether each is there, and fails where one ends just then
        if not path.name.isdigit():
            continue
        try:
            said = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        found.append(said)
    return found

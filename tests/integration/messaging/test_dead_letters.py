"""What could not be decided is kept, without its secrets, and can be put on the command topic again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.platform.messaging.deadletters import (
    DeadLetters,
    list_dead_letters,
    replay_dead_letter,
    show_dead_letter,
)
from services.platform.messaging.errors import DeadLetterNotFoundError
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.records import Place, Received
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings


@pytest.fixture
async def letters(kafka_settings: KafkaSettings) -> AsyncIterator[DeadLetters]:
    await ensure_topics(kafka_settings)
    async with Producer.open(kafka_settings) as producer:
        yield DeadLetters(producer, service="catalog")


def refused(value: bytes, *, command_id: UUID | None = None) -> Received:
    headers = (("ce_id", str(command_id or uuid4()).encode()), ("ce_type", b"nightkeep.command.RegisterApp.v1"))
    return Received("nightkeep.commands", Place(7, 42), datetime.now(UTC), RawRecord(b"the key", value, headers))


async def test_a_dead_letter_says_what_it_was_where_it_came_from_and_why(
    letters: DeadLetters, kafka_settings: KafkaSettings
) -> None:
    command_id = uuid4()
    place = await letters.put(
        refused(b'{"name": 3}', command_id=command_id), code="INVALID_PARAMETERS", reason="no text", field="name"
    )
    letter = await show_dead_letter(kafka_settings, place)
    assert letter.message_id == command_id
    assert (letter.origin, letter.origin_place) == ("nightkeep.commands", Place(7, 42))
    assert (letter.code, letter.reason, letter.field) == ("INVALID_PARAMETERS", "no text", "name")
    assert letter.refused_by == "catalog"
    assert letter.record == refused(b'{"name": 3}', command_id=command_id).record


async def test_dead_letters_are_listed_newest_first(letters: DeadLetters, kafka_settings: KafkaSettings) -> None:
    for text in (b"1", b"2", b"3"):
        await letters.put(refused(text), code="MALFORMED", reason="no object")
    assert [letter.record.value for letter in await list_dead_letters(kafka_settings)] == [b"3", b"2", b"1"]
    assert [letter.record.value for letter in await list_dead_letters(kafka_settings, limit=1)] == [b"3"]


async def test_an_enormous_record_becomes_a_dead_letter_all_the_same(
    letters: DeadLetters, kafka_settings: KafkaSettings
) -> None:
    enormous = refused(b"x" * 1_000_000)
    place = await letters.put(enormous, code="TOO_LARGE", reason="too large")
    assert len((await show_dead_letter(kafka_settings, place)).record.value or b"") < 1_000_000


async def test_a_replay_has_a_new_id_and_the_same_bytes(letters: DeadLetters, kafka_settings: KafkaSettings) -> None:
    place = await letters.put(refused(b'{"slug": "shop"}'), code="UNKNOWN_TYPE", reason="too early")
    new_id = uuid4()
    replayed = await replay_dead_letter(kafka_settings, place, new_id=new_id)
    async with LogReader.open(kafka_settings) as reader:
        async for records in reader.read(Topic.COMMANDS, replayed.partition, 0, replayed.offset + 1):
            record = records[-1].record
    assert record.value == b'{"slug": "shop"}'
    assert dict(record.headers) == {
        "ce_id": str(new_id).encode(),
        "ce_type": b"nightkeep.command.RegisterApp.v1",
    }
    assert record.key == b"the key"


@pytest.mark.usefixtures("letters")
async def test_a_dead_letter_that_is_not_there_has_its_own_error(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(DeadLetterNotFoundError):
        await show_dead_letter(kafka_settings, Place(0, 5))


async def test_a_literal_password_never_reaches_the_dead_letters(
    letters: DeadLetters, kafka_settings: KafkaSettings
) -> None:
    value = b'{"database": {"user": "app", "password": "hunter2"}, "files": {"credentials": "secret:files"}}'
    letter = await show_dead_letter(
        kafka_settings, await letters.put(refused(value), code="LITERAL_SECRET", reason="a secret never travels")
    )
    assert letter.record.value == (
        b'{"database": {"user": "app", "password": "[blacked out]"}, "files": {"credentials": "secret:files"}}'
    )

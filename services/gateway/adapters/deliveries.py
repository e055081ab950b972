"""Messages on their way to webhooks: a row for people to look at, and a job of the same id that sends it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from pydantic_core import to_json

from contracts.envelope import Cause, Event, Message
from contracts.events.alerts import AlertRaised
from services.gateway.domain.ends import ENDS, told_of
from services.platform.database import Connection, Record, load_queries
from services.platform.jobs import JobQueue, NewJob

WEBHOOK: Final = "webhook"
"""The kind of job that sends one message to one receiver."""
TEST: Final = "test"
"""The type of a message that tries a receiver out."""
PLATFORM: Final = "platform"

_sql = load_queries("services.gateway")


@dataclass(frozen=True)
class Outgoing:
    """What is sent. `body` is the same in every try, since its bytes are signed."""

    message_id: UUID
    type: str
    body: str
    environment_id: UUID
    key: str


def of_alert(alert: AlertRaised) -> Outgoing:
    """The message that tells of an alert."""
    kind = f"alert.{alert.alert}"
    body = _body(kind, alert.raised_at, alert.model_dump(mode="json"))
    return Outgoing(alert.alert_id, kind, body, alert.environment_id, str(alert.app_id))


def of_test(message_id: UUID, at: object) -> Outgoing:
    """A message that means nothing, at the instant `at`."""
    body = _body(TEST, at, {"message": "a test: nothing happened"})
    return Outgoing(message_id, TEST, body, message_id, PLATFORM)


def of_end(message: Message[Event]) -> Outgoing:
    """The message that tells of an end of work, see `ends.ENDS`; its id is the event's."""
    kind, told = ENDS[type(message.body)], told_of(message.body)
    body = _body(kind, message.envelope.time, {**told, "app_id": message.envelope.key})
    return Outgoing(message.envelope.id, kind, body, UUID(told["environment_id"]), message.envelope.key)


async def announce(c: Connection, queue: JobQueue, message: Outgoing, cause: Cause) -> None:
    """Queue `message` for every webhook that is about its kind."""
    about = message.type.partition(".")[0]
    for webhook in [row async for row in _sql.webhooks(c) if about in row["about"]]:
        await send(c, queue, webhook, message, cause)


async def send(c: Connection, queue: JobQueue, webhook: Record, message: Outgoing, cause: Cause) -> UUID:
    """Queue `message` for one webhook, once; the id of the delivery and of its job."""
    delivery_id = uuid5(webhook["webhook_id"], str(message.message_id))
    await _sql.add_delivery(
        c,
        delivery_id=delivery_id,
        webhook_id=webhook["webhook_id"],
        message_id=message.message_id,
        type=message.type,
    )
    job = NewJob(
        job_id=delivery_id,
        kind=WEBHOOK,
        environment_id=message.environment_id,
        host=urlsplit(webhook["url"]).netloc,
        payload={
            "webhook_id": str(webhook["webhook_id"]),
            "message_id": str(message.message_id),
            "type": message.type,
            "body": message.body,
        },
        cause=cause,
        key=message.key,
    )
    await queue.put(c, job)
    return delivery_id


def _body(kind: str, at: object, data: dict[str, object]) -> str:
    """As the Standard Webhooks conventions lay a message out."""
    return to_json({"type": kind, "timestamp": at, "data": data}).decode()

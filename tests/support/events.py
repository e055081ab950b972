"""Events as a service would have put them on the log, for tests of those who follow it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts.codec import RawRecord, encode
from contracts.envelope import Cause, Event, Message, event_envelope
from contracts.events.apps import EnvironmentRegistered
from contracts.values import CloudVersion, DatabasePlace, DirectoryFiles, Mode, Region

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def cause(actor: str = "user:ada") -> Cause:
    """A cause that no command had."""
    command_id = uuid4()
    return Cause(command_id, command_id, actor, actor_verified=True)


def event(body: Event, stream: str, sequence: int, *, key: str = "platform", event_id: UUID | None = None) -> RawRecord:
    """The record of one event."""
    envelope = event_envelope(
        event_id=event_id or uuid4(),
        service=stream.split("/", 1)[0],
        stream=stream,
        sequence=sequence,
        key=key,
        time=NOON,
        cause=cause(),
    )
    return encode(Message(envelope, body))


def registered(environment_id: UUID, app_id: UUID) -> EnvironmentRegistered:
    """A production environment, as the catalog tells of it."""
    return EnvironmentRegistered(
        app_id=app_id,
        environment_id=environment_id,
        name="Production",
        mode=Mode.PRODUCTION,
        region=Region.EUROPE,
        cloud_version=CloudVersion.V4,
        database=DatabasePlace(host="db.example.org", name="app", user="app", password="secret:app"),  # noqa: S106 -- a reference
        files=DirectoryFiles(path="/srv/documents"),
        documents_query="SELECT id, size FROM document",
        schedule=None,
        check_id=uuid4(),
    )

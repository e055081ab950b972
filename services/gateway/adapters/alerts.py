"""Alerts in the gateway's own schema: raised once, listed, and sent to every webhook that there is."""

from uuid import UUID

from contracts.envelope import Cause, Event, Message
from contracts.events.alerts import AlertRaised
from contracts.streams import stream
from services.gateway.adapters import deliveries
from services.gateway.adapters.pages import page
from services.gateway.domain.alerts import Alert as Wanted
from services.gateway.domain.alerts import Where
from services.gateway.domain.paging import Instant
from services.gateway.domain.rights import Reach
from services.gateway.resources import Alert, AlertPage
from services.gateway.settings import SERVICE
from services.platform.database import Connection, Database, load_queries
from services.platform.eventstore.store import EventStore
from services.platform.jobs import JobQueue
from services.platform.process.clock import Clock
from services.platform.process.errors import PermanentError

_sql = load_queries("services.gateway")


class AlertBook:
    """What was raised."""

    def __init__(self, database: Database, events: EventStore, queue: JobQueue, clock: Clock) -> None:
        self._database = database
        self._events = events
        self._queue = queue
        self._clock = clock

    async def raise_once(self, c: Connection, wanted: Wanted, environment_id: UUID, cause: Message[Event]) -> None:
        """Say it on the log, list it and queue a delivery for each webhook; what was raised already is left alone.

        Raises PermanentError for an event that belongs to no app.
        """
        body = AlertRaised(
            alert_id=wanted.alert_id,
            alert=wanted.kind,
            app_id=_app_of(cause),
            environment_id=environment_id,
            raised_at=self._clock.now(),
            message=wanted.message,
            subject=cause.envelope.subject or "",
        )
        if await self._listed(c, body):
            name = stream(SERVICE, "alert", body.alert_id)
            why = Cause.of(cause)
            await self._events.append(c, name, [body], why, cause.envelope.key, after=0, now=body.raised_at)
            await deliveries.announce(c, self._queue, deliveries.of_alert(body), why)

    async def where(self, c: Connection, environment_id: UUID) -> Where:
        """An environment; by its id where the read model does not know it yet."""
        row = await _sql.name_of_environment(c, environment_id=environment_id)
        return Where(**row) if row else Where(str(environment_id))

    async def newest(
        self, reach: Reach, environment_id: UUID | None, *, after: Instant | None, limit: int
    ) -> AlertPage:
        """Alerts within reach, or those of one environment, newest first."""
        rows, on = await page(
            self._database, _sql.alerts, limit, after, environment_id=environment_id, **reach._asdict()
        )
        return AlertPage(alerts=[Alert.model_validate(row["document"]) for row in rows], next=on)

    async def _listed(self, c: Connection, body: AlertRaised) -> bool:
        added: bool | None = await _sql.add_alert(
            c,
            alert_id=body.alert_id,
            app_id=body.app_id,
            environment_id=body.environment_id,
            raised_at=body.raised_at,
            document=body.model_dump(mode="json"),
        )
        return bool(added)


def _app_of(cause: Message[Event]) -> UUID:
    """Events about an environment are keyed by its app's id (spec: messages)."""
    try:
        return UUID(cause.envelope.key)
    except ValueError as error:
        raise PermanentError(f"{cause.envelope.subject} is keyed by no app: {cause.envelope.key!r}") from error

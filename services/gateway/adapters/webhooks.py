"""Webhooks in the gateway's own schema: who is called, and what came of each call."""

from uuid import UUID

from contracts.envelope import Cause
from contracts.errors import RejectionCode
from contracts.values import SECRET_PREFIX
from services.gateway.adapters import deliveries
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.goodbye import Goodbye
from services.gateway.adapters.pages import page
from services.gateway.domain.paging import Instant
from services.gateway.domain.refusals import NotFoundError, RefusalError, key_reused
from services.gateway.resources import CreatedWebhook, Delivery, DeliveryPage, NewWebhook, Webhook, WebhookList
from services.platform.database import Database, Record, load_queries
from services.platform.jobs import JobQueue
from services.platform.process.clock import Clock
from services.platform.process.errors import PermanentError
from services.platform.webhooks import SigningSecrets

_sql = load_queries("services.gateway")


class Webhooks:
    """Who is called about what."""

    def __init__(self, database: Database, queue: JobQueue, secrets: SigningSecrets, clock: Clock) -> None:
        self._database = database
        self._queue = queue
        self._secrets = secrets
        self._clock = clock

    async def add(self, intent: Intent, asked: NewWebhook) -> CreatedWebhook:
        """Keep a webhook; the same intent again gets the same answer. Raises RefusalError."""
        self._refuse_unusable(asked.secret)
        webhook_id = intent.created_id("webhook")
        async with self._database.transaction() as c:
            await _sql.add_webhook(
                c,
                webhook_id=webhook_id,
                url=str(asked.url),
                secret=asked.secret or self._secrets.made(),
                about=list(asked.about),
                created_at=self._clock.now(),
                created_by=intent.caller.user,
            )
            kept = await _sql.find_webhook(c, webhook_id=webhook_id)
        if kept is None:
            raise _missing("webhook")
        webhook = _webhook(kept)
        if (webhook.url, webhook.secret, webhook.about) != (str(asked.url), asked.secret, asked.about):
            raise key_reused()
        return CreatedWebhook(**dict(webhook), signing_secret=None if webhook.secret else kept["secret"])

    async def all(self) -> WebhookList:
        """All of them, oldest first."""
        async with self._database.transaction() as c:
            return WebhookList(webhooks=[_webhook(row) async for row in _sql.webhooks(c)])

    async def remove(self, webhook_id: UUID, intent: Intent) -> None:
        """Call it no more; what still waits for it fails. Raises NotFoundError."""
        async with self._database.transaction() as c:
            if not await _sql.remove_webhook(c, webhook_id=webhook_id, removed_by=intent.command_id):
                raise _missing("webhook")

    async def test(self, webhook_id: UUID, intent: Intent) -> UUID:
        """Queue a message that means nothing; the id of its delivery. Raises NotFoundError."""
        cause = Cause(intent.command_id, intent.command_id, intent.caller.actor, actor_verified=True)
        message = deliveries.of_test(intent.created_id("test"), self._clock.now())
        async with self._database.transaction() as c:
            webhook = await _sql.find_webhook(c, webhook_id=webhook_id)
            if webhook is None:
                raise _missing("webhook")
            return await deliveries.send(c, self._queue, webhook, message, cause)

    async def delivery_ended(self, delivery_id: UUID, seconds: float, goodbye: Goodbye) -> Delivery:
        """The delivery once it has ended, or as it is after `seconds`."""

        async def look() -> Delivery:
            async with self._database.transaction() as c:
                return Delivery.model_validate(dict(await _sql.find_delivery(c, delivery_id=delivery_id)))

        return await goodbye.once(look, lambda found: found.state != "waiting", seconds)

    async def deliveries(self, webhook_id: UUID, *, after: Instant | None, limit: int) -> DeliveryPage:
        """What was sent to a webhook, newest first. Raises NotFoundError."""
        async with self._database.transaction() as c:
            if await _sql.find_webhook(c, webhook_id=webhook_id) is None:
                raise _missing("webhook")
        rows, on = await page(self._database, _sql.deliveries, limit, after, webhook_id=webhook_id)
        return DeliveryPage(deliveries=[Delivery.model_validate(dict(row)) for row in rows], next=on)

    def _refuse_unusable(self, reference: str | None) -> None:
        try:
            if reference is not None:
                self._secrets.of(reference)
        except PermanentError as error:
            raise RefusalError(400, RejectionCode.INVALID_PARAMETERS, error.reason, field="secret") from error


def _webhook(row: Record) -> Webhook:
    """Without a secret that was made here."""
    reference = row["secret"] if row["secret"].startswith(SECRET_PREFIX) else None
    return Webhook.model_validate({**dict(row), "secret": reference})


def _missing(what: str) -> NotFoundError:
    return NotFoundError(RejectionCode.NOT_FOUND, f"there is no {what} with this id")

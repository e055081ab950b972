"""Alerts, and the webhooks that are called about them and about ends of work, as the HTTP API takes and shows them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.events.alerts import AlertKind
from contracts.values import CallableUrl, SecretReference
from services.gateway.resources.shapes import Asked, Resource


class Alert(Resource):
    """Something that a person should look at; `subject` is the stream of the event that it follows from."""

    alert_id: UUID
    alert: AlertKind
    app_id: UUID
    environment_id: UUID
    raised_at: datetime
    message: str
    subject: str


class About(StrEnum):
    """What somebody may be called about: alerts, or that a backup, a restore or an upload has ended."""

    ALERT = "alert"
    BACKUP = "backup"
    RESTORE = "restore"
    UPLOAD = "upload"


AboutWhat = Annotated[tuple[About, ...], Field(min_length=1), AfterValidator(lambda given: tuple(sorted(set(given))))]
"""In one order and each once, so that what is asked for again is known to be the same."""


class NewWebhook(Asked):
    """Whom to call, about what. Without a `secret` (`secret:<name>`) one is made and shown once."""

    url: CallableUrl
    secret: SecretReference | None = None
    about: AboutWhat = (About.ALERT,)


class Webhook(Resource):
    """Who is called. `secret` is a reference, or null where it was made here."""

    webhook_id: UUID
    url: str
    secret: str | None = None
    about: tuple[About, ...]
    created_at: datetime
    created_by: str


class CreatedWebhook(Webhook):
    """`signing_secret` is shown in this answer only; null where a reference was given."""

    signing_secret: str | None = None


class Try(Resource):
    """One call of a receiver: when, how long it took, and what came back.

    `status` is HTTP's; null when no answer came. `said` is the beginning of the answer, or why none came.
    """

    number: int
    at: datetime
    seconds: float
    status: int | None = None
    said: str = ""


class Delivery(Resource):
    """One message to one receiver; `message_id` is the header `webhook-id`, the same in every try.

    `reason` says why it failed for good.
    """

    delivery_id: UUID
    webhook_id: UUID
    message_id: UUID
    type: str
    state: Literal["waiting", "delivered", "failed"]
    tries: tuple[Try, ...] = ()
    reason: str | None = None
    created_at: datetime
    ended_at: datetime | None = None


class AlertPage(Resource):
    """Alerts, newest first."""

    alerts: list[Alert]
    next: str | None = None


class WebhookList(Resource):
    """All webhooks, in the order of their creation."""

    webhooks: list[Webhook]


class DeliveryPage(Resource):
    """What was sent to one receiver, newest first."""

    deliveries: list[Delivery]
    next: str | None = None

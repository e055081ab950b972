"""`/api/v1/alerts` and `/webhooks`: what a person should look at, and who is called then.

Receivers are called at whatever address an administrator names, inside networks too: that is what they are for, and
why only administrators may name one.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.gateway.adapters.decisions import Intent
from services.gateway.domain.paging import to_instant
from services.gateway.domain.rights import Caller, Scope
from services.gateway.resources import (
    AlertPage,
    CreatedWebhook,
    Delivery,
    DeliveryPage,
    NewWebhook,
    PageSize,
    WebhookList,
)
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with, intent_with, may

router = APIRouter(prefix="/api/v1", tags=["alerts"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
WaitSeconds = Annotated[float, Query(ge=0, le=20, description="how long to wait for the receiver's answer")]


@router.get("/alerts")
async def list_alerts(
    parts: PartsOf,
    caller: Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))],
    environment_id: UUID | None = None,
    after: str | None = None,
    limit: PageSize = 100,
) -> AlertPage:
    """Alerts about what the caller may look at, newest first; with `environment_id` those of one environment."""
    reach = caller.reach(Scope.READ)
    return await parts.alerts.newest(reach, environment_id, after=to_instant(after), limit=limit)


@router.post("/webhooks", status_code=201)
async def create_webhook(asked: NewWebhook, parts: PartsOf, intent: Administering) -> CreatedWebhook:
    """Call `url` whenever an alert is raised, or also when work has ended, signed as the Standard Webhooks say.

    `about` says of what: `alert` (without it), `backup`, `restore`, `upload`. An end is told as `backup.completed`,
    `backup.failed`, `restore.completed`, `restore.failed`, `restore.undone`, `restore.undo_failed`, `upload.completed`
    or `upload.failed`, with the ids to ask with, and with code and reason where it failed.

    Without a `secret` reference a signing secret is made; this answer alone shows it. Any host may be named, also one
    that only the gateway can reach. Redirects are not followed.
    """
    return await parts.webhooks.add(intent, asked)


@router.get("/webhooks", dependencies=may(Scope.ADMIN))
async def list_webhooks(parts: PartsOf) -> WebhookList:
    """Who is called."""
    return await parts.webhooks.all()


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: UUID, parts: PartsOf, intent: Administering) -> None:
    """Call it no more."""
    await parts.webhooks.remove(webhook_id, intent)


@router.post("/webhooks/{webhook_id}/test", status_code=202)
async def try_webhook(
    webhook_id: UUID, parts: PartsOf, intent: Administering, wait_seconds: WaitSeconds = 20.0
) -> Delivery:
    """Send a message that means nothing, once; the answer waits for what the receiver says."""
    await parts.asked.must_be_the_same(intent, "test of a webhook", webhook_id)
    return await parts.webhooks.delivery_ended(
        await parts.webhooks.test(webhook_id, intent), wait_seconds, parts.goodbye
    )


@router.get("/webhooks/{webhook_id}/deliveries", dependencies=may(Scope.ADMIN))
async def list_deliveries(
    webhook_id: UUID, parts: PartsOf, after: str | None = None, limit: PageSize = 100
) -> DeliveryPage:
    """What was sent there, newest first, with what came of each try."""
    return await parts.webhooks.deliveries(webhook_id, after=to_instant(after), limit=limit)

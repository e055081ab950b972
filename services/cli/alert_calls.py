"""The gateway's calls about alerts and webhooks."""

from collections.abc import Iterator
from uuid import UUID

from services.cli.calling import Calling
from services.gateway.resources import Alert, CreatedWebhook, Delivery, NewWebhook, Webhook, WebhookList


class AlertCalls(Calling):
    """What a person should look at, and who is told."""

    def alerts(self, environment_id: UUID | None = None, *, page_size: int = 100) -> Iterator[Alert]:
        """Alerts, or those of one environment, newest first."""
        about = None if environment_id is None else str(environment_id)
        return self._pages("/api/v1/alerts", "alerts", Alert, {"environment_id": about, "limit": page_size})

    def create_webhook(self, webhook: NewWebhook, *, idempotency_key: str | None = None) -> CreatedWebhook:
        """Have somebody called when an alert is raised; a secret that is made for it is in this answer only."""
        return self._change("POST", "/api/v1/webhooks", CreatedWebhook, webhook, idempotency_key)

    def webhooks(self) -> list[Webhook]:
        """Who is called."""
        return self._show("/api/v1/webhooks", WebhookList).webhooks

    def remove_webhook(self, webhook_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Call it no more."""
        self._transport.change("DELETE", f"/api/v1/webhooks/{webhook_id}", key=idempotency_key)

    def test_webhook(self, webhook_id: UUID, *, idempotency_key: str | None = None) -> Delivery:
        """Send a message that means nothing, once; what came of it."""
        return self._change("POST", f"/api/v1/webhooks/{webhook_id}/test", Delivery, None, idempotency_key)

    def deliveries(self, webhook_id: UUID, *, page_size: int = 100) -> Iterator[Delivery]:
        """What was sent to a webhook, newest first."""
        path = f"/api/v1/webhooks/{webhook_id}/deliveries"
        return self._pages(path, "deliveries", Delivery, {"limit": page_size})

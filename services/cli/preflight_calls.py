"""The gateway's calls about preflights: looks whether a restore would go well."""

from typing import Final
from uuid import UUID

from services.cli.calling import Calling, environment_path
from services.cli.waiting import Deadline, poll
from services.gateway.resources import NewRestore, Preflight

LOOK_SECONDS: Final = 15.0
"""How long the gateway is asked to wait for findings before it answers that the look still goes on."""


class PreflightCalls(Calling):
    """What would become of a restore."""

    def preflight(
        self,
        environment_id: UUID,
        backup_id: UUID,
        *,
        database_only: bool = False,
        wait_seconds: float = LOOK_SECONDS,
        idempotency_key: str | None = None,
    ) -> Preflight:
        """Look whether a restore would go well; what is not found in a while, `wait_for_preflight` waits for."""
        body = NewRestore(backup_id=backup_id, database_only=database_only)
        path = environment_path(environment_id, f"preflights?wait_seconds={wait_seconds}")
        return self._change("POST", path, Preflight, body, idempotency_key)

    def show_preflight(self, preflight_id: UUID) -> Preflight:
        """One preflight."""
        return self._show(f"/api/v1/preflights/{preflight_id}", Preflight)

    def cancel_preflight(
        self, preflight_id: UUID, *, wait_seconds: float = LOOK_SECONDS, idempotency_key: str | None = None
    ) -> Preflight:
        """Stop a preflight that waits or looks; its end is waited for a while."""
        path = f"/api/v1/preflights/{preflight_id}/cancel?wait_seconds={wait_seconds}"
        return self._change("POST", path, Preflight, None, idempotency_key)

    def wait_for_preflight(self, preflight_id: UUID, *, timeout_seconds: float | None = None) -> Preflight:
        """The finished preflight. Raises NotKnownYetError after the timeout."""
        return poll(
            lambda: self.show_preflight(preflight_id),
            lambda preflight: preflight.state != "running",
            Deadline("the preflight", timeout_seconds),
        )

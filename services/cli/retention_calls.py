"""The gateway's calls about how long backups are kept: policies, nightly runs, deletion, leases, sweeps."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.explanation import Explanation
from contracts.simulation import Simulation
from services.cli.calling import Calling, asked, environment_path
from services.cli.waiting import Deadline, poll
from services.gateway.resources import (
    Approval,
    Backup,
    BackupPreview,
    Environment,
    NewLease,
    NewPolicy,
    NewShredding,
    PolicyChange,
    PolicyInForce,
    Shredding,
    Slot,
    WantedPolicy,
)


class PolicyPlace(NamedTuple):
    """Where a policy holds: an app, or one environment of it. `name` is how people call it."""

    kind: str
    place_id: UUID
    name: str

    @classmethod
    def of_app(cls, app_id: UUID, name: str = "") -> "PolicyPlace":
        """All environments of an app that have no policy of their own."""
        return cls("apps", app_id, name)

    @classmethod
    def of_environment(cls, environment_id: UUID, name: str = "") -> "PolicyPlace":
        """One environment."""
        return cls("environments", environment_id, name)

    def path(self, below: str = "") -> str:
        """The address of its policy."""
        return f"/api/v1/{self.kind}/{self.place_id}/policy{below}"


class RetentionCalls(Calling):
    """What keeps backups, and what lets them go."""

    def preview_backup(self, environment_id: UUID) -> BackupPreview:
        """The tiers and the expiry that a backup gets which is asked for now."""
        return self._show(environment_path(environment_id, "backups/preview"), BackupPreview)

    def delete_backup(
        self,
        backup_id: UUID,
        *,
        confirm_last: bool = False,
        erase: bool = False,
        idempotency_key: str | None = None,
    ) -> None:
        """Let a backup go; the last completed one of its environment only with `confirm_last`.

        With `erase` what depends on it is rewritten, so that about a day later nothing of it is in the store.
        """
        asked_for = {"confirm_last": confirm_last, "erase": erase}
        query = "&".join(f"{name}=true" for name, wanted in asked_for.items() if wanted)
        path = f"/api/v1/backups/{backup_id}" + (f"?{query}" if query else "")
        self._transport.change("DELETE", path, key=idempotency_key)

    def acquire_lease(
        self,
        backup_id: UUID,
        holder: str,
        until: datetime,
        *,
        lease_id: UUID | None = None,
        idempotency_key: str | None = None,
    ) -> Backup:
        """Keep a backup until `until` while something works with it; the same `lease_id` again extends it."""
        body = NewLease(holder=holder, until=until, lease_id=lease_id)
        return self._change("POST", f"/api/v1/backups/{backup_id}/leases", Backup, body, idempotency_key)

    def release_lease(self, backup_id: UUID, lease_id: UUID, *, idempotency_key: str | None = None) -> Backup:
        """The work is over."""
        path = f"/api/v1/backups/{backup_id}/leases/{lease_id}"
        return self._change("DELETE", path, Backup, None, idempotency_key)

    def explain_backup(self, backup_id: UUID) -> Explanation:
        """Why a backup is there or has gone, also long after its deletion."""
        return self._show(f"/api/v1/backups/{backup_id}/explain", Explanation)

    def shred_backups(
        self, environment_id: UUID, confirm_name: str, *, idempotency_key: str | None = None
    ) -> Shredding:
        """Make all backups of an environment unreadable, for good; `confirm_name` is its name, said once more."""
        body = asked(NewShredding, confirm_name=confirm_name)
        return self._change("POST", environment_path(environment_id, "shredding"), Shredding, body, idempotency_key)

    def shredding(self, environment_id: UUID) -> Shredding:
        """The newest shredding of an environment's backups."""
        return self._show(environment_path(environment_id, "shredding"), Shredding)

    def wait_for_shredding(
        self, environment_id: UUID, shred_id: UUID, *, timeout_seconds: float | None = None
    ) -> Shredding:
        """This one when it has ended, once it is the newest. Raises NotKnownYetError after the timeout."""
        return poll(
            lambda: self.shredding(environment_id),
            lambda shredding: shredding.shred_id == shred_id and shredding.state != "running",
            Deadline("the shredding", timeout_seconds),
        )

    def slots(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Slot]:
        """The expected nightly runs of an environment, newest first."""
        return self._pages(environment_path(environment_id, "slots"), "slots", Slot, {"limit": page_size})

    def approve_sweep(self, environment_id: UUID, sweep_id: UUID, *, idempotency_key: str | None = None) -> Environment:
        """Let a sweep go on that stopped at its cap."""
        path = environment_path(environment_id, f"sweeps/{sweep_id}/approve")
        return self._change("POST", path, Environment, None, idempotency_key)

    def approve_schedule(
        self, environment_id: UUID, stop_id: UUID, *, idempotency_key: str | None = None
    ) -> Environment:
        """Let a nightly schedule go on that stopped."""
        path = environment_path(environment_id, f"schedule-stops/{stop_id}/approve")
        return self._change("POST", path, Environment, None, idempotency_key)

    def policy(self, place: PolicyPlace) -> PolicyInForce:
        """The policy that new backups follow there."""
        return self._show(place.path(), PolicyInForce)

    def simulate_policy(self, place: PolicyPlace, policy: WantedPolicy) -> Simulation:
        """What another policy would do to the backups that there are; nothing is changed."""
        body = policy.model_dump(mode="json")
        return Simulation.model_validate(self._transport.change("POST", place.path("/simulations"), body))

    def change_policy(
        self, place: PolicyPlace, policy: NewPolicy, *, idempotency_key: str | None = None
    ) -> PolicyChange:
        """Give a place another policy."""
        body = policy.model_dump(mode="json")  # with null, which takes a place's own policy back
        return PolicyChange.model_validate(self._transport.change("PUT", place.path(), body, key=idempotency_key))

    def policy_change(self, policy_change_id: UUID) -> PolicyChange:
        """One change of a policy."""
        return self._show(f"/api/v1/policy-changes/{policy_change_id}", PolicyChange)

    def approve_policy_change(
        self, policy_change_id: UUID, digest: str, *, idempotency_key: str | None = None
    ) -> PolicyChange:
        """Apply a change to existing backups as it was simulated, when its cooling-off is over."""
        path = f"/api/v1/policy-changes/{policy_change_id}/approve"
        return self._change("POST", path, PolicyChange, Approval(digest=digest), idempotency_key)

    def withdraw_policy_change(self, policy_change_id: UUID, *, idempotency_key: str | None = None) -> PolicyChange:
        """Leave existing backups as they are."""
        path = f"/api/v1/policy-changes/{policy_change_id}/withdraw"
        return self._change("POST", path, PolicyChange, None, idempotency_key)

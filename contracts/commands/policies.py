"""Commands on retention policies."""

from typing import Self
from uuid import UUID

from pydantic import model_validator

from contracts.envelope import Command
from contracts.retention import Policy


class ChangePolicy(Command):
    """Give an app, or one environment of it, another policy. For new backups; for existing ones too if asked.

    `policy` is a preset's name or a policy of one's own. None takes an environment's own policy back.
    """

    policy_change_id: UUID
    app_id: UUID | None = None
    environment_id: UUID | None = None
    policy: str | Policy | None
    apply_to_existing: bool = False

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if (self.app_id is None) == (self.environment_id is None):
            raise ValueError("environment_id: name either an app or an environment")
        return self


class ApprovePolicyChange(Command):
    """Apply a change to existing backups as simulated, when its cooling-off is over; `digest` is the simulation's."""

    policy_change_id: UUID
    digest: str


class WithdrawPolicyChange(Command):
    """Leave existing backups as they are."""

    policy_change_id: UUID

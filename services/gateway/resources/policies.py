"""Retention policies and their changes as the HTTP API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, Tag

from contracts.events.policies import PolicyEffect
from contracts.retention import Policy
from services.gateway.resources.shapes import Asked, Resource


def _preset_or_own(given: Any) -> str:  # noqa: ANN401 -- whatever was sent
    return "preset" if isinstance(given, str) else "own"


Preset = Annotated[str, Field(min_length=1, max_length=200)]
AnyPolicy = Annotated[Annotated[Preset, Tag("preset")] | Annotated[Policy, Tag("own")], Discriminator(_preset_or_own)]
"""A preset's name, or a policy of one's own with its windows."""


class WantedPolicy(Asked):
    """A policy to look at before it holds; null: the app's, or the default, as if there were none here."""

    policy: AnyPolicy | None


class NewPolicy(WantedPolicy):
    """A policy for new backups; for those that there are only when it is applied, which has to be approved."""

    apply_to_existing: bool = False


class Approval(Asked):
    """What was seen: the `digest` of the change, so that nothing else is approved."""

    digest: Annotated[str, Field(min_length=1, max_length=200)]


class PolicyChange(Resource):
    """A change of policy. `application` says what becomes of existing backups: `none` was asked for.

    `effect` is what the application does as simulated at `requested_at`; a simulation of `policy` that has the same
    `digest` tells it backup by backup. It is applied once it was approved and `not_before` has come, the end of its
    cooling-off.
    """

    policy_change_id: UUID
    app_id: UUID
    environment_id: UUID | None = None
    policy: Policy | None = None
    changed_at: datetime
    changed_by: str
    application: Literal["none", "waiting", "approved", "withdrawn", "applied"]
    requested_at: datetime | None = None
    effect: PolicyEffect | None = None
    digest: str | None = None
    not_before: datetime | None = None
    approved_by: str | None = None
    withdrawn_by: str | None = None
    applied_at: datetime | None = None
    changed_count: int = 0


class PolicyInForce(Resource):
    """The policy that new backups follow and where it was given; `pending` is the newest change not yet applied."""

    app_id: UUID
    environment_id: UUID | None = None
    policy: Policy
    given_by: Literal["environment", "app", "default"]
    pending: PolicyChange | None = None

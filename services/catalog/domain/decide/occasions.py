"""On which occasion a backup is taken, and so for which date it counts: a person's wish, or an expected nightly run."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.actors import NIGHTLY
from contracts.errors import RejectionCode
from contracts.events.backups import BackupKind, NightlySlot, Tier
from contracts.retention import Policy, tiers
from contracts.slot_calendar import calendar_offset, slot_date
from services.catalog.domain.decide.environments import is_running, known, refuse_restoring, remembered
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.environment import Environment


@dataclass(frozen=True)
class Occasion:
    """`calendar_offset` is what `slot_date` was computed with; `fills_gap` the Sunday that the backup makes up for."""

    kind: BackupKind
    created_by: str
    slot_date: date
    calendar_offset: str
    tiers: tuple[Tier, ...]
    slot: NightlySlot | None = None
    fills_gap: date | None = None


def on_demand(environment: Environment, *, created_by: str, now: datetime) -> Occasion:
    """Its date is that of the instant of acceptance, in the same calendar (spec: retention §1)."""
    day = slot_date(now, environment.region, environment.schedule)
    offset = calendar_offset(now, environment.region, environment.schedule)
    return Occasion(BackupKind.ON_DEMAND, created_by, day, offset, tiers(day))


def nightly(environment: Environment, slot: NightlySlot, policy: Policy) -> Occasion:
    """Its date was computed when the slot was planned, and stays. The first one after a gap may fill it."""
    gap = environment.gap if policy.fill_gaps and environment.gap_filler is None else None
    matched = max(tiers(slot.slot_date), tiers(gap or slot.slot_date), key=len)
    return Occasion(BackupKind.NIGHTLY, NIGHTLY, slot.slot_date, slot.calendar_offset, matched, slot, gap)


def ready_on_demand(environment: Environment | None, environment_id: UUID) -> Environment:
    """The environment, when a person may have it backed up. Raises RefusedError."""
    environment = known(environment, environment_id)
    if not environment.passed:
        raise RefusedError(RejectionCode.NOT_ALLOWED, _unchecked(environment), field="environment_id")
    return environment


def ready_at_night(environment: Environment | None, environment_id: UUID) -> Environment:
    """The environment, when a nightly run makes sense there; else the reason is the skipped slot's (spec: §1)."""
    environment = remembered(environment, environment_id)
    if environment.removed:
        raise _skipped(f"{environment.name} was removed")
    if not environment.passed:
        raise _skipped(_unchecked(environment))
    if environment.model_version is None:
        raise _skipped(f"nothing is deployed in {environment.name}")
    if not is_running(environment):
        raise _skipped(f"the app does not run in {environment.name}")
    try:
        refuse_restoring(environment)
    except RefusedError as refused:
        raise _skipped(refused.reason) from refused
    return environment


def _skipped(reason: str) -> RefusedError:
    return RefusedError(RejectionCode.INVALID_STATE, reason, field="environment_id")


def _unchecked(environment: Environment) -> str:
    return f"no check of {environment.name} has passed yet: see its findings, mend them and check it again"

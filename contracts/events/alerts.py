"""What a person should look at (said by the gateway, which also delivers it)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event


class AlertKind(StrEnum):
    """What an alert is about."""

    SLOT_MISSED = "slot_missed"
    NIGHTLY_FAILED = "nightly_failed"
    GAP_IN_TIER = "gap_in_tier"
    GUARD_ACTIVE = "guard_active"
    SWEEP_STOPPED = "sweep_stopped"
    SWEEP_RESUMED = "sweep_resumed"
    SCHEDULE_STOPPED = "schedule_stopped"
    SCHEDULE_RESUMED = "schedule_resumed"
    BACKUP_DAMAGED = "backup_damaged"
    SHREDDING_FAILED = "shredding_failed"


class AlertRaised(Event):
    """Something needs a look; `subject` is the stream of the event that it follows from."""

    alert_id: UUID
    alert: AlertKind
    app_id: UUID
    environment_id: UUID
    raised_at: AwareDatetime
    message: str
    subject: str

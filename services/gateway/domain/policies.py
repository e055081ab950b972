"""Which policy holds where, and what it gives a backup that is asked for now (spec: retention §2)."""

from datetime import datetime

from contracts import slot_calendar
from contracts.errors import RejectionCode
from contracts.events.backups import BackupKind
from contracts.retention import CLASSIC, RULE_VERSION, Policy, UnusablePolicyError, expires_at, meant, tiers, windows
from services.gateway.domain.refusals import RefusalError
from services.gateway.resources import BackupPreview, Environment


def holding(policy: str | Policy | None, otherwise: Policy | None, newest_version: int) -> Policy:
    """The policy that would hold if this one were asked for; None: what holds `otherwise`. Raises RefusalError."""
    try:
        return otherwise or CLASSIC if policy is None else meant(policy, newest_version)
    except UnusablePolicyError as error:
        raise RefusalError(400, RejectionCode.INVALID_PARAMETERS, error.reason, field=error.field) from error


def preview(environment: Environment, policy: Policy, now: datetime) -> BackupPreview:
    """What an on-demand backup gets that is accepted at `now`: by the rules that the catalog will stamp it by."""
    slot_date = slot_calendar.slot_date(now, environment.region, environment.schedule)
    matched = tiers(slot_date)
    return BackupPreview(
        environment_id=environment.environment_id,
        created_at=now,
        slot_date=slot_date,
        calendar_offset=slot_calendar.calendar_offset(now, environment.region, environment.schedule),
        tiers=matched,
        windows=windows(now, matched, policy, BackupKind.ON_DEMAND),
        expires_at=expires_at(now, matched, policy, BackupKind.ON_DEMAND),
        policy=policy.name,
        policy_version=policy.version,
        rule_version=RULE_VERSION,
    )

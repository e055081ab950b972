"""Which policy holds where, and what it gives a backup that is asked for now (spec: retention §2)."""

from datetime import datetime

from contracts import slot_calendar
from contracts.errors import RejectionCode
from contracts.events.backups import BackupKind
from contracts.retention import CLASSIC, PRESETS, RULE_VERSION, Policy, expires_at, tiers, windows
from services.gateway.domain.refusals import RefusalError
from services.gateway.resources import BackupPreview, Environment


def meant(policy: str | Policy | None, otherwise: Policy | None, newest_version: int) -> Policy:
    """The policy that would hold: a preset by its name, one's own as its next version; None: what holds `otherwise`.

    Raises RefusalError.
    """
    if policy is None:
        return otherwise or CLASSIC
    if isinstance(policy, Policy):
        return _own(policy, newest_version)
    if policy not in PRESETS:
        raise _refused(
            f"there is no preset {policy!r}: name one of {', '.join(PRESETS)}, or describe your own", "policy"
        )
    return PRESETS[policy]


def _own(policy: Policy, newest_version: int) -> Policy:
    if policy.name in PRESETS:
        said = f"{policy.name!r} is a preset: name it alone, or give your own policy another name"
        raise _refused(said, "policy.name")
    return policy.model_copy(update={"version": newest_version + 1})


def _refused(said: str, field: str) -> RefusalError:
    return RefusalError(400, RejectionCode.INVALID_PARAMETERS, said, field=field)


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

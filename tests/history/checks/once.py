"""What happens to a thing once only; each event is judged by the specification, here or among those that come often."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from tests.history.evidence import Evidence, Finding, Record


def _by(named_by: str, events: str) -> dict[str, str]:
    return dict.fromkeys(events.split(), named_by)


BACKUPS: Final = """
    BackupRequested BackupCancelRequested BackupStarted BackupCompleted BackupFailed
    BackupExpired BackupDeletionRequested BackupDeleted BackupErasureRequested BackupErased
"""
RESTORES: Final = """
    RestoreRequested RestoreCancelRequested RestoreStarted RestoreCompleted RestoreFailed RestoreUndone
    RestoreGraceEnded PreviousStateRemoved
"""
UPLOADS: Final = """
    UploadRequested UploadCancelRequested UploadStarted PackageRemoved EnvironmentCleared AppServicesUnpublished
    DataUploaded UploadFailed
"""
CHANGES: Final = """
    PolicyChanged PolicyApplicationRequested PolicyChangeApproved PolicyChangeWithdrawn PolicyChangeApplied
"""
ONCE: Final[Mapping[str, str]] = {
    **_by("app_id", "AppRegistered AppRemoved"),
    **_by("environment_id", "EnvironmentRegistered EnvironmentRemoved"),
    **_by("check_id", "EnvironmentCheckRequested EnvironmentChecked RepositoryChecked"),
    **_by("call_id", "HookCallRequested HookAnswered HookFailed"),
    **_by("backup_id", BACKUPS),
    **_by("backup_id/policy_change_id", "BackupExpiryChanged"),
    **_by("restore_id", RESTORES),
    **_by("preflight_id", "PreflightRequested PreflightCancelRequested PreflightCompleted"),
    **_by("upload_id", UPLOADS),
    **_by("archive_id", "ArchiveRequested ArchiveStarted ArchiveCompleted ArchiveFailed ArchiveExpired"),
    **_by("environment_id/slot_date", "SlotEnded"),
    **_by("stop_id", "ScheduleStopped ScheduleApproved ScheduleResumed"),
    **_by("policy_change_id", CHANGES),
    **_by("sweep_id", "SweepStopped SweepApproved SweepResumed"),
    **_by("mark_id", "SpaceReclaimed"),
    **_by("shred_id", "ShreddingRequested BackupsShredded ShreddingFailed"),
    **_by("command_id", "CommandRejected"),
    **_by("alert_id", "AlertRaised"),
    **_by("organisation_id", "OrganisationAdded"),
    **_by("user_id", "UserAdded UserRemoved"),
    **_by("invitation_id", "UserInvited InvitationAccepted"),
    **_by("key_id", "KeyCreated KeyRevoked"),
    **_by("session_id", "SignedIn SignedOut"),
}
"""What can happen to a thing once only, and what names that thing."""
STATED: Final = """
    AppUpdated EnvironmentUpdated PackageDeployed EnvironmentStarted EnvironmentStopped
    AppServicePublished AppServiceUnpublished BackupCommented BackupPinned BackupUnpinned
    RestoreUndoRequested RestoreUndoFailed SlotPlanned ExpiryHeld ExpiryReleased LeaseAcquired LeaseReleased
    AppHandedOver AccessGranted AccessRevoked RightUsed AccessRefused ArchiveDownloaded PasswordChanged
"""
OFTEN: Final = frozenset(STATED.split())
"""What may happen to the same thing again; what comes of that others look at: machines, ends, the fold of the log."""


def an_effect_happens_once(evidence: Evidence) -> Iterator[Finding]:
    """Whatever was delivered twice, killed and taken over."""
    counted = Counter((one.name, one.named(ONCE[one.name])) for one in evidence.distinct() if one.name in ONCE)
    for (name, entity_id), count in counted.items():
        if count > 1:
            yield Finding("an effect that happened twice", f"{name} of {entity_id}: {count} times")


def a_night_is_planned_again_for_another_time(evidence: Evidence) -> Iterator[Finding]:
    """What was planned is said again where the schedule has changed meanwhile, and so the time has."""
    planned: dict[str, Record] = {}
    for record in evidence.distinct():
        if record.name != "SlotPlanned":
            continue
        night = record.named("environment_id/slot_date")
        if night in planned and planned[night].data == record.data:
            yield Finding("a night that was planned twice", night)
        planned[night] = record

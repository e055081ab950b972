"""What a backup's history says, in sentences that a person understands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from contracts.events import backups, restores, retention, uploads
from contracts.events.backups import BackupKind, WindowEnd
from contracts.events.retention import SharedContent
from contracts.events.slots import SlotEnded
from contracts.explanation.findings import CLOCK, Ending, Hold, Judgement
from contracts.explanation.history import Told
from contracts.states import BackupState


@dataclass(frozen=True)
class Clocks:
    """The present by both clocks: decisions are made by the business clock, leases end by PostgreSQL's."""

    business: datetime
    postgresql: datetime


def instant(at: datetime) -> str:
    """Like `2026-03-01 19:00:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def day(on: date) -> str:
    """Like `Sunday 2026-03-01`."""
    return f"{_WEEKDAYS[on.weekday()]} {on.isoformat()}"


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


Holders = Mapping[UUID, str]
"""Who works with a backup, by lease."""


def sentence(one: Told, holders: Holders) -> str:
    """What one event means for the question why; empty where it means nothing."""
    return _of_work(one) or _of_holds(one, holders) or _of_expiry(one)


def _of_work(one: Told) -> str:
    match one.event:
        case backups.BackupRequested() as event:
            return " ".join([_asked(event), *_gap(event.fills_gap), _kept(event), *_recovered(one, event)])
        case backups.BackupCompleted() as event:
            return f"It completed at {instant(event.finished_at)}."
        case backups.BackupFailed() as event:
            return (
                f"It failed at {instant(event.finished_at)}: {event.reason}. "
                "A failed backup falls into no tier; it is listed for 14 days."
            )
        case backups.BackupCancelRequested():
            return f"{one.who} asked for its end at {instant(one.line.at)}."
        case SlotEnded(late=True) as event:
            return f"The nightly run was late: it was due at {instant(event.due_at)}."
        case _:
            return ""


def _of_holds(one: Told, holders: Holders) -> str:
    at = instant(one.line.at)
    match one.event:
        case backups.BackupPinned() as event:
            why = f" ({event.reason})" if event.reason else ""
            return f"{one.who} pinned it at {at}{why}: a pin keeps it past its expiry."
        case backups.BackupUnpinned():
            return f"{one.who} unpinned it at {at}."
        case retention.LeaseAcquired() as event:
            until = instant(event.lease.until)
            return f"From {at} on, {event.lease.holder} worked with it, until {until} at most by PostgreSQL's clock."
        case retention.LeaseReleased() as event:
            how = "ran out, unreleased, by PostgreSQL's clock" if one.line.actor == CLOCK else f"was released at {at}"
            return f"The lease of {holders.get(event.lease_id, 'somebody')} ({event.lease_id}) {how}."
        case restores.RestoreRequested() as event:
            return f"At {at} {event.requested_by} asked for restore {event.restore_id} from it, which held it."
        case restores.RestoreCompleted() | restores.RestoreFailed() as event:
            return f"Restore {event.restore_id} ended at {at}."
        case _:
            return _of_upload(one, at)


def _of_upload(one: Told, at: str) -> str:
    match one.event:
        case uploads.UploadStarted() as event:
            return f"At {at} upload {event.upload_id} began, which held it: it is its way back."
        case uploads.DataUploaded() | uploads.UploadFailed() as event:
            return f"Upload {event.upload_id} ended at {at}."
        case _:
            return ""


def _of_expiry(one: Told) -> str:
    match one.event:
        case retention.ExpiryHeld() as event:
            held = "; ".join(blocker.reason for blocker in event.blockers)
            return (
                f"Its time was over at {instant(event.expires_at)}, but at {instant(event.held_at)} it stayed: {held}."
            )
        case retention.ExpiryReleased() as event:
            return f"From {instant(event.released_at)} on nothing held it any more."
        case retention.BackupExpiryChanged() as event:
            return f"Policy change {event.policy_change_id} was applied at {instant(one.line.at)}. {_kept(event)}"
        case retention.BackupExpired() as event:
            over = f"its time had been over since {instant(event.expires_at)} and nothing held it"
            asked = f"It was asked for by {one.who}, in sweep {event.sweep_id}"
            return f"It expired at {instant(event.expired_at)}, by the business clock: {over}. {asked}."
        case _:
            return _of_deletion(one)


def _of_deletion(one: Told) -> str:
    match one.event:
        case retention.BackupDeletionRequested(shred_id=UUID()) as event:
            return (
                f"{event.requested_by} asked at {instant(event.requested_at)} for all backups of its environment to be "
                "shredded."
            )
        case retention.BackupDeletionRequested() as event:
            told = ", after being told that it was the last completed one" if event.was_last_good else ""
            erased = " Nothing of it was to stay in the store: what depended on it is rewritten." if event.erase else ""
            return f"{event.requested_by} deleted it at {instant(event.requested_at)}{told}.{erased}"
        case retention.BackupErasureRequested() as event:
            asked = f"{event.requested_by} asked at {instant(event.requested_at)} that nothing of it stays in the store"
            return f"{asked}: what depended on it is rewritten."
        case retention.BackupErased() as event:
            return f"It was erased at {instant(event.erased_at)}: the store holds nothing that was this backup's alone."
        case retention.BackupDeleted(why="shredded") as event:
            return (
                f"Its environment's data keys were destroyed: since {instant(event.deleted_at)} nothing opens it any "
                "more, whoever has which key."
            )
        case retention.BackupDeleted() as event:
            return f"Its manifest was removed at {instant(event.deleted_at)}; {_content(event.shared_with)}."
        case _:
            return ""


def present(
    state: BackupState,
    judgement: Judgement,
    holds: Sequence[Hold],
    clocks: Clocks,
    sweep_stopped_at: datetime | None,
) -> tuple[str, ...]:
    """What holds now, of a backup that has not gone."""
    now = clocks.business
    standing = [hold for hold in holds if hold.until is None or _lasts(hold, clocks)]
    if state in (BackupState.QUEUED, BackupState.RUNNING):
        return (f"It is {state}: a backup that has not ended never expires.",)
    if state not in (BackupState.COMPLETED, BackupState.FAILED):
        return ()
    if judgement.expires_at is None:
        return ("It is kept for ever.",)
    held = f"as long as this holds it: {'; '.join(one.reason for one in standing)}."
    if now < judgement.expires_at:
        kept = f"It is kept until {instant(judgement.expires_at)}, by the business clock"
        return (f"{kept}, and past it {held}" if standing else f"{kept}.",)
    if standing:
        return (f"Its time is over; it stays {held}",)
    if sweep_stopped_at is not None:
        waits = f"a sweep stopped at its cap at {instant(sweep_stopped_at)} and asks a person"
        return (f"Its time is over: {waits}; until then nothing of its environment goes.",)
    return ("Its time is over: it goes when the next sweep asks for it, unless it is the newest completed one.",)


def unfinished(ending: Ending | None) -> tuple[str, ...]:
    """What an end that was decided still lacks."""
    if ending is None or ending.erasure is None or ending.erasure.done_at is not None:
        return ()
    return ("Its erasure is not whole yet: the store may still hold something of it.",)


def _lasts(hold: Hold, clocks: Clocks) -> bool:
    return hold.until is not None and hold.clock == "postgresql" and clocks.postgresql < hold.until


def _content(shared: SharedContent | None) -> str:
    if shared is None:
        return "its content goes as soon as no other backup refers to it"
    if shared.count == 0:
        return "no other backup referred to its content, which goes too"
    newest, more = ", ".join(map(str, shared.newest)), shared.count - len(shared.newest)
    others = f"backup {newest}" if shared.count == 1 else f"{shared.count} backups ({newest}{', …' if more else ''})"
    return f"what it shared with {others} stays for as long as a backup refers to it, the rest goes"


def _asked(event: backups.BackupRequested) -> str:
    counts_for = f"{day(event.slot_date)} (calendar {event.calendar_offset})"
    accepted = f"it was accepted at {instant(event.created_at)}"
    if event.slot is None:
        return f"{event.created_by} asked for it{_made_from(event)}; {accepted} and counts for {counts_for}."
    again = f", at try {event.slot.try_number}" if event.slot.try_number > 1 else ""
    return f"It is the nightly backup of {counts_for}; {accepted}{again}."


def _made_from(event: backups.BackupRequested) -> str:
    """A recovered entry knows that a file was sent, and no more which."""
    if event.kind is not BackupKind.UPLOADED:
        return ""
    size = f" of {event.parcel.size_bytes:,} bytes" if event.parcel else ""
    return f", to be made from a sent file{size} and not from its environment"


def _gap(filled: date | None) -> list[str]:
    if filled is None:
        return []
    return [f"It makes up for {day(filled)}, whose nightly run ended without a backup, and got that day's tiers."]


def _recovered(one: Told, event: backups.BackupRequested) -> list[str]:
    if event.recovered_at is None:
        return []
    lost = "the catalog and its log had been lost, and with them its comments, pins and later policies"
    return [f"At {instant(event.recovered_at)} {one.who} had its entry made again from its manifest: {lost}."]


def _kept(event: backups.BackupRequested | retention.BackupExpiryChanged) -> str:
    rule = f"policy {event.policy}, version {event.policy_version} (rules version {event.rule_version})"
    if event.expires_at is None:
        return f"By {rule} it is kept for ever."
    ends = ", ".join(_window(one) for one in event.windows)
    longest = ", the latest of " + ends if len(event.windows) > 1 else f" ({ends})" if ends else ""
    return f"By {rule} it is kept until {instant(event.expires_at)}{longest}."


def _window(one: WindowEnd) -> str:
    return f"{one.window.replace('_', ' ')} until {instant(one.ends_at)}"

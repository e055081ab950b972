"""What a backup's history says, as data: its expiries, what held it, how it went."""

from collections.abc import Hashable, Sequence
from typing import Final, Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Body
from contracts.events import backups, restores, retention, uploads
from contracts.events.backups import BackupRequested, Tier, WindowEnd
from contracts.events.retention import BlockerKind, SharedContent
from contracts.explanation.history import Told
from contracts.retention import failed_expires_at
from contracts.states import BackupState
from contracts.values import Value

CLOCK: Final = "clock"
"""The actor of what time alone has done."""

ClockName = Literal["business", "postgresql"]


class Judgement(Value):
    """When and why an expiry was set: the tiers, each window with its end, by which version of which policy and rules.

    No window and no expiry: it is kept for ever. A failed backup falls into no tier.
    """

    at: AwareDatetime
    because: Literal["accepted", "failed", "policy_changed"]
    tiers: tuple[Tier, ...]
    windows: tuple[WindowEnd, ...]
    policy: str
    policy_version: int
    rule_version: int
    expires_at: AwareDatetime | None


class Hold(Value):
    """What held it, since when; without an `until` it still does. A lease that nobody has released has its own end.

    `by` is who asked for it; `clock` is the one that `until` is told by.
    """

    kind: BlockerKind
    reason: str
    by: str
    since: AwareDatetime
    until: AwareDatetime | None = None
    clock: ClockName = "business"
    holder_id: UUID | None = None


class Erasure(Value):
    """Since when somebody wants nothing of it to stay in the store, and who; at `done_at` nothing was left."""

    asked_at: AwareDatetime
    asked_by: str
    done_at: AwareDatetime | None = None


class Ending(Value):
    """How it went: at its expiry, as a sweep asked, by a person's wish, or with all others of its environment.

    At `removed_at` its manifest was removed; of a shredded one nothing can be read from then on, and until then it is
    called deleted: a shredding that was asked for may fail.
    `shared_with` are the backups for which shared content stayed then, unless an `erasure` was asked for.
    """

    why: Literal["expired", "deleted", "shredded"]
    decided_at: AwareDatetime
    by: str
    clock: ClockName = "business"
    sweep_id: UUID | None = None
    was_last_good: bool = False
    removed_at: AwareDatetime | None = None
    shared_with: SharedContent | None = None
    erasure: Erasure | None = None


_STATES: Final[dict[type[Body], BackupState]] = {
    backups.BackupRequested: BackupState.QUEUED,
    backups.BackupStarted: BackupState.RUNNING,
    backups.BackupCompleted: BackupState.COMPLETED,
    backups.BackupFailed: BackupState.FAILED,
    retention.BackupExpired: BackupState.EXPIRED,
    retention.BackupDeletionRequested: BackupState.DELETING,
    retention.BackupDeleted: BackupState.DELETED,
}


def state_of(told: Sequence[Told]) -> BackupState:
    """Where it is."""
    return [_STATES[type(one.event)] for one in told if type(one.event) in _STATES][-1]


def judgements_of(told: Sequence[Told], requested: BackupRequested) -> tuple[Judgement, ...]:
    """Its expiries, the first at its acceptance."""
    found: list[Judgement] = []
    for one in told:
        match one.event:
            case backups.BackupRequested() as event:
                found.append(_judged(one, "accepted", event.tiers, event))
            case retention.BackupExpiryChanged() as event:
                found.append(_judged(one, "policy_changed", requested.tiers, event))
            case backups.BackupFailed():
                expiry = failed_expires_at(requested.created_at)
                failed = {"at": one.line.at, "because": "failed", "tiers": (), "windows": (), "expires_at": expiry}
                found.append(found[-1].model_copy(update=failed))
            case _:
                pass
    return tuple(found)


def _judged(
    one: Told,
    because: Literal["accepted", "policy_changed"],
    tiers: tuple[Tier, ...],
    event: BackupRequested | retention.BackupExpiryChanged,
) -> Judgement:
    return Judgement(
        at=one.line.at,
        because=because,
        tiers=tiers,
        windows=event.windows,
        policy=event.policy,
        policy_version=event.policy_version,
        rule_version=event.rule_version,
        expires_at=event.expires_at,
    )


def holds_of(told: Sequence[Told]) -> tuple[Hold, ...]:
    """What has held it or still does, in the order in which it began."""
    holds = _Holds()
    for one in told:
        holds.note(one)
    return tuple(sorted((*holds.over, *holds.standing.values()), key=lambda hold: hold.since))


class _Holds:
    """Those that are over, and those that stand, by what they are known by."""

    def __init__(self) -> None:
        self.over: list[Hold] = []
        self.standing: dict[Hashable, Hold] = {}

    def note(self, one: Told) -> None:
        match one.event:
            case backups.BackupPinned() as event:
                reason = f"pinned ({event.reason})" if event.reason else "pinned"
                self._begin(BlockerKind.PIN, Hold(kind=BlockerKind.PIN, reason=reason, by=one.who, since=one.line.at))
            case backups.BackupUnpinned():
                self._end(BlockerKind.PIN, one.line.at)
            case retention.LeaseAcquired() as event:
                self._begin(event.lease.lease_id, _leased(one, event))
            case retention.LeaseReleased() as event:
                self._end(event.lease_id, None if one.line.actor == CLOCK else one.line.at)
            case restores.RestoreRequested() as event:
                self._begin(event.restore_id, _restored(one, event))
            case restores.RestoreCompleted() | restores.RestoreFailed() as event:
                self._end(event.restore_id, one.line.at)
            case uploads.UploadStarted() as event:
                self._begin(event.upload_id, _way_back(one, event))
            case uploads.DataUploaded() | uploads.UploadFailed() as event:
                self._end(event.upload_id, one.line.at)
            case _:
                self._note_expiry(one)

    def _note_expiry(self, one: Told) -> None:
        guard = BlockerKind.LAST_GOOD
        match one.event:
            case retention.ExpiryHeld() as event:
                named = [blocker for blocker in event.blockers if blocker.kind is guard]
                if named:
                    self._begin(guard, Hold(kind=guard, reason=named[0].reason, by=one.who, since=event.held_at))
                else:
                    self._end(guard, event.held_at)
            case retention.ExpiryReleased() | retention.BackupExpiryChanged():
                self._end(guard, one.line.at)
            case retention.BackupExpired() | retention.BackupDeletionRequested():
                for known_by in list(self.standing):
                    self._end(known_by, one.line.at)
            case _:
                pass

    def _begin(self, known_by: Hashable, hold: Hold) -> None:
        """The same hold again holds since it began."""
        before = self.standing.get(known_by, hold)
        self.standing[known_by] = hold.model_copy(update={"since": before.since})

    def _end(self, known_by: Hashable, until: AwareDatetime | None) -> None:
        """`until` this, by the business clock; None: until the end that it has of itself, by its own clock."""
        if known_by in self.standing:
            ended = {} if until is None else {"until": until, "clock": "business"}
            self.over.append(self.standing.pop(known_by).model_copy(update=ended))


def _leased(one: Told, event: retention.LeaseAcquired) -> Hold:
    return Hold(
        kind=BlockerKind.LEASE,
        reason=event.lease.holder,
        by=one.who,
        since=one.line.at,
        until=event.lease.until,
        clock="postgresql",
        holder_id=event.lease.lease_id,
    )


def _restored(one: Told, event: restores.RestoreRequested) -> Hold:
    return Hold(
        kind=BlockerKind.RESTORE,
        reason=f"restore {event.restore_id}",
        by=event.requested_by,
        since=one.line.at,
        holder_id=event.restore_id,
    )


def _way_back(one: Told, event: uploads.UploadStarted) -> Hold:
    return Hold(
        kind=BlockerKind.UPLOAD,
        reason=f"upload {event.upload_id}, whose way back it is",
        by=one.who,
        since=one.line.at,
        holder_id=event.upload_id,
    )


def ending_of(told: Sequence[Told]) -> Ending | None:
    """How it went; None while it has not."""
    ending: Ending | None = None
    erasure: Erasure | None = None
    to_shred = False
    for one in told:
        match one.event:
            case retention.BackupExpired() as event:
                ending = Ending(why="expired", decided_at=event.expired_at, by=one.who, sweep_id=event.sweep_id)
            case retention.BackupDeletionRequested() as event:
                told_so, to_shred = event.was_last_good, event.shred_id is not None
                by = event.requested_by
                ending = Ending(why="deleted", decided_at=event.requested_at, by=by, was_last_good=told_so)
                erasure = Erasure(asked_at=event.requested_at, asked_by=by) if event.erase else None
            case retention.BackupDeleted() as event if ending is not None:
                why = event.why if to_shred else ending.why
                removed = {"removed_at": event.deleted_at, "shared_with": event.shared_with}
                ending = ending.model_copy(update={"why": why, **removed})
            case _:
                erasure = _erasure(erasure, one)
    return ending.model_copy(update={"erasure": erasure}) if ending else None


def _erasure(before: Erasure | None, one: Told) -> Erasure | None:
    match one.event:
        case retention.BackupErasureRequested() as event:
            return Erasure(asked_at=event.requested_at, asked_by=event.requested_by)
        case retention.BackupErased() as event if before is not None:
            return before.model_copy(update={"done_at": event.erased_at})
        case _:
            return before

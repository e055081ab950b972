"""Whatever happens in whatever order, a backup goes only when its time is over and nothing holds it (retention §2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.commands.retention import DeleteBackup, ExpireBackup
from contracts.envelope import Event
from contracts.events.backups import (
    BackupCompleted,
    BackupFailed,
    BackupKind,
    BackupPinned,
    BackupRequested,
    BackupStarted,
    BackupUnpinned,
)
from contracts.events.retention import (
    BackupDeletionRequested,
    BackupExpired,
    Blocker,
    ExpiryHeld,
    ExpiryReleased,
    LeaseAcquired,
    LeaseReleased,
)
from contracts.retention import expires_at, tiers
from contracts.states import BackupState
from contracts.values import Lease
from services.catalog.domain.decide.backups import LISTED
from services.catalog.domain.decide.deletion import delete_backup
from services.catalog.domain.decide.expiry import change_of_hold, expire_backup, guard, holds
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup, evolve
from tests.support.histories import History

BEGIN = datetime(2026, 1, 1, 19, tzinfo=UTC)
SWEEP, ENVIRONMENT, APP = UUID(int=1), UUID(int=2), UUID(int=3)
LEASE, RESTORE = UUID(int=4), UUID(int=5)


@dataclass
class Night:
    """One environment whose backups live by the rules."""

    now: datetime = BEGIN
    backups: dict[UUID, Backup] = field(default_factory=dict)
    reading: set[UUID] = field(default_factory=set)

    def requested(self) -> UUID:
        """A new backup, accepted now."""
        backup_id, day = UUID(int=100 + len(self.backups)), self.now.date()
        told = {"backup_id": backup_id, "environment_id": ENVIRONMENT, "app_id": APP, "kind": BackupKind.NIGHTLY}
        stamped = {"slot_date": day, "tiers": tiers(day), "expires_at": expires_at(self.now, tiers(day))}
        policy = {"policy": "classic", "policy_version": 1, "calendar_offset": "+01:00"}
        words = {"created_at": self.now, "created_by": "Nightly", "comment": "", "model_version": None}
        self.fold(backup_id, BackupRequested.model_validate(told | stamped | policy | words))
        return backup_id

    def fold(self, backup_id: UUID, event: Event) -> None:
        state = evolve(self.backups.get(backup_id), event)
        assert state is not None
        self.backups[backup_id] = state

    def newest(self, *, besides: UUID | None = None) -> UUID | None:
        """By hand: the completed one that was accepted last."""
        good = [one for one in self.backups.values() if one.state is BackupState.COMPLETED]
        found = [(one.created_at, one.backup_id) for one in good if one.backup_id != besides]
        return max(found)[1] if found else None

    def holds(self, backup: Backup) -> tuple[Blocker, ...]:
        restores = [RESTORE] if backup.backup_id in self.reading else []
        return holds(backup, restores, database_now=self.now)

    def expire(self, backup: Backup) -> Event | None:
        """Ask as retention does; None where it was refused."""
        evidence = ExpireBackup(
            backup_id=backup.backup_id, sweep_id=SWEEP, expires_at=backup.expires_at or self.now, judged_at=self.now
        )
        guarded = guard(backup, self.newest()) if backup.state is BackupState.COMPLETED else ()
        return self._decided(
            backup, lambda: expire_backup(backup, evidence, blockers=(*guarded, *self.holds(backup)), now=self.now)
        )

    def delete(self, backup: Backup, *, confirm_last: bool) -> Event | None:
        command = DeleteBackup(backup_id=backup.backup_id, confirm_last=confirm_last)
        others = self.newest(besides=backup.backup_id) is not None
        return self._decided(
            backup,
            lambda: delete_backup(
                backup,
                command,
                holds=self.holds(backup),
                others_completed=others,
                requested_by="Karla",
                now=self.now,
            ),
        )

    def _decided(self, backup: Backup, decide: Callable[[], Event]) -> Event | None:
        if backup.state not in LISTED:
            return None
        try:
            event = decide()
        except RefusedError:
            return None
        if not isinstance(event, ExpiryHeld):
            self.judge(backup, event)
        self.fold(backup.backup_id, event)
        return event

    def judge(self, backup: Backup, event: Event) -> None:
        """What must be true of every backup that goes, whatever happened before."""
        assert not backup.pinned
        assert backup.backup_id not in self.reading
        assert all(lease.until <= self.now for lease in backup.leases)
        assert backup.state in {BackupState.COMPLETED, BackupState.FAILED}
        others = self.newest(besides=backup.backup_id)
        if isinstance(event, BackupExpired):
            assert backup.expires_at is not None
            assert backup.expires_at <= self.now
            assert backup.state is BackupState.FAILED or self.newest() != backup.backup_id
            assert backup.state is BackupState.FAILED or others is not None
        if isinstance(event, BackupDeletionRequested):
            assert event.was_last_good == (backup.state is BackupState.COMPLETED and others is None)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "request",
                "complete",
                "fail",
                "pin",
                "unpin",
                "lease",
                "release",
                "read",
                "end",
                "sweep",
                "delete",
                "wait",
            ]
        ),
        st.integers(0, 40),
    ),
    max_size=60,
)


@given(STEPS)
def test_in_any_history_a_backup_goes_only_when_it_may(steps: Sequence[tuple[str, int]]) -> None:
    night = Night()
    for step, number in steps:
        _take(night, step, number)
        night.now += timedelta(hours=1)
    had_a_good_one = any(one.state is BackupState.COMPLETED for one in night.backups.values())
    night.now += timedelta(days=800)
    for backup in list(night.backups.values()):
        night.expire(backup)
    left = [one for one in night.backups.values() if one.state is BackupState.COMPLETED]
    assert bool(left) == had_a_good_one


@given(STEPS)
def test_asked_twice_nothing_more_goes_and_what_is_held_stays_held(steps: Sequence[tuple[str, int]]) -> None:
    night = Night()
    for step, number in steps:
        _take(night, step, number)
    night.now += timedelta(days=800)
    for backup in list(night.backups.values()):
        night.expire(backup)
    after = dict(night.backups)
    for backup in list(night.backups.values()):
        assert not isinstance(night.expire(backup), BackupExpired)
    assert [one.state for one in night.backups.values()] == [one.state for one in after.values()]


@given(STEPS)
def test_a_held_backup_is_released_just_when_it_would_go(steps: Sequence[tuple[str, int]]) -> None:
    night = Night()
    for step, number in steps:
        _take(night, step, number)
    night.now += timedelta(days=800)
    for backup in list(night.backups.values()):
        if isinstance(night.expire(backup), ExpiryHeld):
            held = night.backups[backup.backup_id]
            guarded = guard(held, night.newest()) if held.state is BackupState.COMPLETED else ()
            assert not change_of_hold(held, (*guarded, *night.holds(held)), now=night.now)
            for fewer in (held.held[:-1], held.held[1:]):
                (said,) = change_of_hold(held, fewer, now=night.now)
                assert isinstance(said, ExpiryReleased) != bool(fewer)
                assert evolve(held, said) == held.model_copy(update={"held": fewer})
            (released,) = change_of_hold(held, (), now=night.now)
            assert isinstance(released, ExpiryReleased)
            assert not change_of_hold(backup.model_copy(update={"held": ()}), (), now=night.now)


def test_a_backup_goes_from_its_expiry_on_by_that_evidence_and_not_a_moment_before() -> None:
    night = Night()
    older, newer = (_completed(night), _completed(night))
    backup = night.backups[older]
    assert backup.expires_at is not None
    evidence = ExpireBackup(backup_id=older, sweep_id=SWEEP, expires_at=backup.expires_at, judged_at=backup.expires_at)
    before = backup.expires_at - timedelta(microseconds=1)
    with pytest.raises(RefusedError, match="is kept until"):
        expire_backup(backup, evidence, blockers=(), now=before)
    other = evidence.model_copy(update={"expires_at": before})
    with pytest.raises(RefusedError, match="another one"):
        expire_backup(backup, other, blockers=(), now=backup.expires_at)
    assert isinstance(expire_backup(backup, evidence, blockers=(), now=backup.expires_at), BackupExpired)
    held = expire_backup(backup, evidence, blockers=guard(backup, older), now=backup.expires_at)
    assert isinstance(held, ExpiryHeld)
    assert guard(backup, newer) == ()


def test_a_lease_holds_until_its_time_and_not_at_it() -> None:
    night = Night()
    backup = night.backups[_completed(night)]
    leased = backup.model_copy(update={"leases": (Lease(lease_id=LEASE, holder="a copy", until=night.now),)})
    assert [one.holder_id for one in holds(leased, [], database_now=night.now - timedelta(microseconds=1))] == [LEASE]
    assert holds(leased, [], database_now=night.now) == ()


def test_what_holds_a_backup_is_named_when_it_is_to_be_deleted_and_it_stays() -> None:
    night = Night()
    backup = night.backups[_completed(night)]
    lease = Lease(lease_id=LEASE, holder="a copy", until=night.now + timedelta(hours=1))
    held = backup.model_copy(update={"pinned": True, "pinned_reason": "audit", "leases": (lease,)})
    found = holds(held, [RESTORE], database_now=night.now, upload=SWEEP)
    said = {"pinned (audit)", f"restore {RESTORE} reads it", f"upload {SWEEP}", "a copy works with it"}
    command = DeleteBackup(backup_id=held.backup_id, confirm_last=True)
    told = {"others_completed": False, "requested_by": "Karla", "now": night.now}
    with pytest.raises(RefusedError) as refused:
        delete_backup(held, command, holds=found, **told)  # type: ignore[arg-type]  # -- told above
    assert all(one in refused.value.reason for one in said)
    assert delete_backup(held, command, holds=(), **told).was_last_good  # type: ignore[arg-type]  # -- told above


def _completed(night: Night) -> UUID:
    backup_id = night.requested()
    _end(night, backup_id, well=True)
    night.now += timedelta(hours=1)
    return backup_id


def _take(night: Night, step: str, number: int) -> None:
    if step == "request":
        night.requested()
        return
    if step == "wait":
        night.now += timedelta(days=number)
        return
    if not night.backups:
        return
    backup = list(night.backups.values())[number % len(night.backups)]
    _do(night, step, backup)


def _do(night: Night, step: str, backup: Backup) -> None:
    ids = {"backup_id": backup.backup_id, "environment_id": ENVIRONMENT}
    queued, listed = backup.state is BackupState.QUEUED, backup.state in LISTED
    lease = Lease(lease_id=LEASE, holder="a copy", until=night.now + timedelta(hours=5))
    match step:
        case "complete" | "fail" if queued:
            _end(night, backup.backup_id, well=step == "complete")
        case "pin" if listed:
            night.fold(backup.backup_id, BackupPinned(**ids, reason="audit"))
        case "unpin" if backup.pinned:
            night.fold(backup.backup_id, BackupUnpinned(**ids))
        case "lease" if backup.state is BackupState.COMPLETED:
            night.fold(backup.backup_id, LeaseAcquired(**ids, lease=lease))
        case "release" if backup.leases:
            night.fold(backup.backup_id, LeaseReleased(**ids, lease_id=LEASE))
        case "read" if backup.state is BackupState.COMPLETED:
            night.reading.add(backup.backup_id)
        case "end":
            night.reading.discard(backup.backup_id)
        case "sweep":
            night.expire(backup)
        case "delete":
            night.delete(backup, confirm_last=True)
        case _:
            pass


def _end(night: Night, backup_id: UUID, *, well: bool) -> None:
    history = History()
    history.backup_id, history.environment_id = backup_id, ENVIRONMENT
    night.fold(backup_id, BackupStarted(backup_id=backup_id, environment_id=ENVIRONMENT, started_at=night.now))
    ended = history.body("BackupCompleted" if well else "BackupFailed")
    assert isinstance(ended, BackupCompleted | BackupFailed)
    night.fold(backup_id, ended)

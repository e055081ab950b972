"""Whatever happens to an environment, in whatever order: a sweep asks once for each reason, and never for too much."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts import defaults
from contracts.errors import RejectionCode
from contracts.events.retention import Blocker, BlockerKind
from contracts.states import BackupState
from services.retention.domain.backup import Backup, Waits, command_id, is_due
from services.retention.domain.cap import Cap, Standing, judge, sweep_of

CAP = Cap(defaults.SWEEP_CAP_COUNT, defaults.SWEEP_CAP_SHARE)
ENVIRONMENT = UUID(int=1)
CHOICE = st.integers(0, 10_000)
ENDS = st.sampled_from(["completed", "completed", "failed", "never"])
PIN = Blocker(kind=BlockerKind.PIN, reason="it is pinned")


class Environment(RuleBasedStateMachine):
    """One environment: backups come, time passes or jumps, sweeps run, and a catalog answers when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 4, 19, tzinfo=UTC)
        self.backups: dict[UUID, Backup] = {}
        self.pinned: set[UUID] = set()
        self.sent: set[UUID] = set()
        self.stopped: tuple[UUID, datetime] | None = None
        self.approved_until: datetime | None = None
        self.runs = 0

    @rule(count=st.integers(1, 8), days=st.integers(0, 20), ends=ENDS)
    def back_up(self, count: int, days: int, ends: str) -> None:
        for _ in range(count):
            backup_id = UUID(int=len(self.backups) + 2)
            expiry = self.now + timedelta(days=days) if days else None
            backup = Backup(backup_id, ENVIRONMENT, "an-app", self.now, expiry)
            ended = {"completed": backup.completed(), "failed": backup.failed(), "never": backup}
            self.backups[backup_id] = ended[ends]

    @rule(hours=st.integers(1, 24 * 20))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(days=st.integers(-20, 400))
    def move_the_clock(self, days: int) -> None:
        self.now += timedelta(days=days)

    @precondition(lambda self: self.backups)
    @rule(every=st.integers(1, 3))
    def pin(self, every: int) -> None:
        there = [backup.backup_id for backup in self.backups.values() if backup.is_there]
        self.pinned.update(there[::every])

    @precondition(lambda self: self.pinned)
    @rule(every=st.integers(1, 3))
    def unpin(self, every: int) -> None:
        for backup_id in sorted(self.pinned)[::every]:
            self.pinned.remove(backup_id)
            if self.backups[backup_id].waits_for is Waits.RELEASE:
                self.change(self.backups[backup_id].released())

    @precondition(lambda self: self.backups)
    @rule(choice=CHOICE, days=st.integers(-30, 30))
    def change_an_expiry(self, choice: int, days: int) -> None:
        backup = self.one(choice)
        if backup.is_there:
            self.change(backup.expiry_changed(self.now + timedelta(days=days)))

    @precondition(lambda self: self.backups)
    @rule(choice=CHOICE)
    def delete_by_hand(self, choice: int) -> None:
        backup = self.one(choice)
        if backup.state in (BackupState.COMPLETED, BackupState.FAILED) and backup.backup_id not in self.pinned:
            self.change(backup.let_go(BackupState.DELETING, self.now))

    @rule(behind_hours=st.sampled_from([0, 0, 0, 30]), count=st.integers(1, 50))
    def answer(self, behind_hours: int, count: int) -> None:
        """The catalog decides, by a clock that may be behind."""
        now = self.now - timedelta(hours=behind_hours)
        for backup in [b for b in self.backups.values() if b.waits_for is Waits.ANSWER][:count]:
            assert backup.expires_at
            if now < backup.expires_at:
                self.change(backup.refused(RejectionCode.INVALID_STATE, "it is not due", now))
            elif backup.backup_id in self.pinned:
                self.change(backup.held([PIN]))
            else:
                self.change(backup.let_go(BackupState.EXPIRED, now + timedelta(hours=24)))

    @rule()
    def sweep(self) -> None:
        asked = self.swept()
        for backup in asked:
            assert backup.expires_at
            assert backup.expires_at <= self.now
            found = command_id(backup.backup_id, backup.expires_at, backup.round)
            assert found not in self.sent, "asked for twice without a reason"
            self.sent.add(found)
        assert not self.swept(), "a sweep repeated at the same instant found something to do"

    @precondition(lambda self: self.stopped)
    @rule()
    def approve(self) -> None:
        assert self.stopped
        self.approved_until, self.stopped = self.stopped[1], None

    def swept(self) -> list[Backup]:
        """One sweep as the service runs it; what it asked for."""
        self.runs += 1
        due = [backup for backup in self.backups.values() if is_due(backup, self.now)]
        approved = [b for b in due if b.expires_at and self.approved_until and b.expires_at <= self.approved_until]
        there = sum(backup.is_there for backup in self.backups.values())
        standing = Standing(
            ENVIRONMENT,
            there,
            len(due),
            len(approved),
            stopped_sweep_id=self.stopped and self.stopped[0],
            approved_until=self.approved_until,
        )
        sweep_id = sweep_of(UUID(int=self.runs), ENVIRONMENT)
        verdict = judge(standing, CAP, sweep_id, self.now)
        until = verdict.ask_until
        asked = [backup for backup in due if until and backup.expires_at and backup.expires_at <= until]
        for backup in asked:
            self.change(backup.ask(sweep_id, self.now))
        assert len(asked) - len(approved) <= max(CAP.count, CAP.share * there), "more than the cap without an approval"
        self.approved_until = None
        if verdict.stops_now:
            self.stopped = (sweep_id, self.now)
        elif verdict.stopped_sweep_id is None:
            self.stopped = None
        return asked

    @invariant()
    def what_is_pinned_is_there(self) -> None:
        assert all(self.backups[backup_id].state is not BackupState.EXPIRED for backup_id in self.pinned)

    def one(self, choice: int) -> Backup:
        return list(self.backups.values())[choice % len(self.backups)]

    def change(self, backup: Backup) -> None:
        self.backups[backup.backup_id] = backup


TestEnvironment = Environment.TestCase
TestEnvironment.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)

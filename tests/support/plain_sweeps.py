"""What sweeps do, in plain lists and from the text of the rules alone (spec: retention §2)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

CAP_COUNT: Final = 5
CAP_SHARE: Final = 0.1
EXAMPLES: Final = 5
FAILED_FOR: Final = timedelta(days=14)
AGAIN_AFTER: Final = timedelta(hours=1)
THERE: Final = ("queued", "completed", "failed")


@dataclass
class PlainBackup:
    """One backup. `waits` is what has to come before it is asked for again; `not_before` when that is time alone."""

    backup_id: UUID
    environment_id: UUID
    created_at: datetime
    expires_at: datetime | None
    state: str = "queued"
    pinned: bool = False
    waits: str = ""
    not_before: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a sweep at `now` wants it gone."""
        if self.state not in {"completed", "failed"} or self.waits or self.expires_at is None:
            return False
        return now >= (self.not_before or self.expires_at)


@dataclass
class PlainPlace:
    """One environment. `stopped_at` is when its sweep stopped, `approved_until` when the one had that was approved."""

    environment_id: UUID
    backups: list[PlainBackup] = field(default_factory=list)
    stopped_at: datetime | None = None
    approved_until: datetime | None = None

    def sweep(self, now: datetime) -> dict[str, object] | None:
        """One sweep; what is to be said of it, if anything. What is asked for waits for its answer."""
        due = [one for one in self.backups if one.is_due(now)]
        going = [one for one in due if not self._stays(one)]
        unapproved = [one for one in going if not self._is_approved(one)]
        there = sum(one.state in THERE for one in self.backups)
        stops = len(unapproved) > CAP_COUNT and len(unapproved) > CAP_SHARE * there
        for one in due:
            if not stops or self._is_approved(one):
                one.waits = "answer"
        self.approved_until, stopped_before = None, self.stopped_at
        if not stops:
            self.stopped_at = None
            return {"resumed_at": now} if stopped_before else None
        if stopped_before:
            return None
        self.stopped_at = now
        first = sorted(unapproved, key=lambda one: (one.expires_at, one.backup_id))[:EXAMPLES]
        return {
            "due_count": len(unapproved),
            "held_count": len(due) - len(going),
            "backup_count": there,
            "examples": tuple(one.backup_id for one in first),
        }

    def approve(self) -> None:
        """A person lets the stopped sweep go on."""
        self.approved_until, self.stopped_at = self.stopped_at, None

    def _stays(self, backup: PlainBackup) -> bool:
        completed = [one for one in self.backups if one.state == "completed"]
        newest = max(completed, key=lambda one: (one.created_at, one.backup_id), default=None)
        return backup.pinned or backup is newest

    def _is_approved(self, backup: PlainBackup) -> bool:
        return bool(self.approved_until and backup.expires_at and backup.expires_at <= self.approved_until)

"""What retention knows of one backup: whether the catalog is to be asked to let it go, and since when it may go.

Every change of mind is here: a sweep asks for what has `ask_from` behind it, once, and again only after `round` rose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self, TypeVar
from uuid import UUID, uuid5

from contracts.errors import RejectionCode
from contracts.events.backups import BackupRequested
from contracts.events.retention import BackupErasureRequested, Blocker
from contracts.retention import failed_expires_at
from contracts.states import BackupState

AGAIN_AFTER: Final = timedelta(hours=1)
"""The catalog found a backup not due that was due here: clocks differ, and time alone changes that."""
GONE: Final = RejectionCode.NOT_FOUND
"""What the catalog says of a backup that it has let go already, or never knew."""
THERE: Final = frozenset({BackupState.QUEUED, BackupState.RUNNING, BackupState.COMPLETED, BackupState.FAILED})
ENDED: Final = frozenset({BackupState.COMPLETED, BackupState.FAILED})

B = TypeVar("B", bound="Backup")
_COMMANDS: Final = UUID("8f4c1f0e-5a57-4a0c-9d2e-7a4f6b1c2d3e")


class Waits(StrEnum):
    """Why a backup whose time is over is not asked for."""

    ANSWER = "answer"
    RELEASE = "release"
    CHANGE = "change"


@dataclass(frozen=True)
class Asked:
    """The evidence that a backup was asked for with; sent again, it is the same to the letter."""

    sweep_id: UUID
    expires_at: datetime
    judged_at: datetime


@dataclass(frozen=True)
class Backup:
    """One backup. `key` is its app's; `state` is `queued` until it has ended.

    `ask_from` is the instant from which a sweep asks for it; None: it is not to be asked for, and `waits_for` and
    `reason` say what has to happen first, if anything can. `asked` is how it was asked for last. `work_from` is the
    instant from which the next piece of work on its bytes may be done: its deletion, later the end of its tombstone.
    """

    backup_id: UUID
    environment_id: UUID
    key: str
    created_at: datetime
    expires_at: datetime | None
    state: BackupState = BackupState.QUEUED
    ask_from: datetime | None = None
    round: int = 1
    waits_for: Waits | None = None
    reason: str | None = None
    asked: Asked | None = None
    work_from: datetime | None = None

    @classmethod
    def requested(cls, body: BackupRequested, key: str) -> Self:
        """A backup was accepted; its expiry is known."""
        return cls(body.backup_id, body.environment_id, key, body.created_at, body.expires_at)

    @property
    def is_there(self) -> bool:
        """Whether the catalog has not let it go."""
        return self.state in THERE

    def completed(self) -> Self:
        """It exists: it goes when its time is over."""
        return _to_be_asked_for(replace(self, state=BackupState.COMPLETED))

    def failed(self) -> Self:
        """It never came to exist: it is listed for a while (spec: retention §2)."""
        return _to_be_asked_for(replace(self, state=BackupState.FAILED, expires_at=failed_expires_at(self.created_at)))

    def expiry_changed(self, expires_at: datetime | None) -> Self:
        """A policy was applied to it: whatever it waited for, it is judged anew."""
        changed = replace(self, expires_at=expires_at, round=self.round + 1)
        return _to_be_asked_for(changed) if self.state in ENDED else changed

    def ask(self, sweep_id: UUID, judged_at: datetime) -> Self:
        """A sweep asks for it. Call it for what is due."""
        if self.expires_at is None:
            raise ValueError("a backup without an expiry is kept for ever")
        asked = Asked(sweep_id, self.expires_at, judged_at)
        return replace(self, ask_from=None, waits_for=Waits.ANSWER, reason=None, asked=asked)

    def held(self, blockers: Sequence[Blocker]) -> Self:
        """The catalog keeps it, and will say when nothing holds it any more."""
        reason = "; ".join(blocker.reason for blocker in blockers)
        return replace(self, ask_from=None, waits_for=Waits.RELEASE, reason=reason) if self.is_there else self

    def released(self) -> Self:
        """What held it ended: that is a reason to ask again."""
        if self.state not in ENDED:
            return self
        return _to_be_asked_for(replace(self, round=self.round + 1))

    def refused(self, code: RejectionCode, reason: str, refused_at: datetime) -> Self:
        """The catalog found nothing to let go, or did not find it due: only the latter changes by itself."""
        noted = replace(self, ask_from=None, waits_for=Waits.CHANGE, reason=reason)
        if code is GONE or self.expires_at is None:
            return noted
        later = max(self.expires_at, refused_at) + AGAIN_AFTER
        return replace(noted, round=self.round + 1, ask_from=later)

    def let_go(self, state: BackupState, work_from: datetime | None) -> Self:
        """The catalog decided that it goes, as `state` says; its bytes may be removed from `work_from` on.

        None: a shredding removes them, with those of all others.
        """
        return replace(self, state=state, ask_from=None, waits_for=None, reason=None, work_from=work_from)

    @classmethod
    def forgotten(cls, body: BackupErasureRequested, key: str) -> Self:
        """One of which even the tombstone has gone: it is known again only until it is erased."""
        at = body.requested_at
        return cls(body.backup_id, body.environment_id, key, at, None, state=BackupState.DELETED, work_from=at)

    def without_grace(self, now: datetime) -> Self:
        """Its bytes may go at once, where they have not gone; a shredding that removes them needs no leave."""
        going = self.state is not BackupState.DELETED and self.work_from is not None
        return replace(self, work_from=min(self.work_from or now, now)) if going else self

    def deleted(self, forget_from: datetime) -> Self:
        """Its manifest is gone; its tombstone may go from `forget_from` on."""
        return replace(self, state=BackupState.DELETED, work_from=forget_from)


def _to_be_asked_for(backup: B) -> B:
    return replace(backup, ask_from=backup.expires_at, waits_for=None, reason=None)


def is_due(backup: Backup, now: datetime) -> bool:
    """Whether a sweep at `now` asks for it (spec: kept while `now < expires_at`)."""
    return backup.ask_from is not None and backup.ask_from <= now


def command_id(backup_id: UUID, expires_at: datetime, ask_round: int) -> UUID:
    """The id of the command that asks for a backup: the same for the same reason to ask, whoever sends it."""
    return uuid5(_COMMANDS, f"{backup_id} {expires_at.isoformat()} {ask_round}")

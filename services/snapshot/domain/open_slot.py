"""A slot from its firing to its end: its tries, and what each outcome makes of it (spec: retention §1)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID, uuid5

from contracts.commands.backups import RequestBackup
from contracts.defaults import LATE_AFTER_MINUTES, NIGHTLY_COMMENT, NIGHTLY_TRIES, NIGHTLY_WAIT_MINUTES
from contracts.errors import FailureCode, RejectionCode
from contracts.events.backups import BackupFailed, NightlySlot
from contracts.events.slots import SlotEnded, SlotTry
from contracts.slot_times import SlotTime
from contracts.states import SLOT, SlotState, move


@dataclass(frozen=True)
class OpenSlot:
    """A slot that has fired and has not ended.

    `ask_at` is when its present try may be asked for, `not_after` when the environment's next slot is due: behind that
    no try begins. `asked_at` is None until the present try was asked for. `late` is known from the first acceptance on.
    `tries` are those before the present one.
    """

    environment_id: UUID
    slot_date: date
    calendar_offset: str
    due_at: datetime
    not_after: datetime
    ask_at: datetime
    try_number: int = 1
    asked_at: datetime | None = None
    late: bool | None = None
    tries: tuple[SlotTry, ...] = ()

    @classmethod
    def fired(cls, environment_id: UUID, slot: SlotTime, upcoming: SlotTime) -> Self:
        """The slot at its first try."""
        return cls(
            environment_id,
            slot.slot_date,
            slot.calendar_offset,
            slot.due_at,
            not_after=upcoming.due_at,
            ask_at=slot.due_at,
        )

    @property
    def command_id(self) -> UUID:
        """Of the present try's command: whoever asks for this try asks for the same thing."""
        return uuid5(self.environment_id, f"nightly {self.slot_date.isoformat()} try {self.try_number}")

    @property
    def backup_id(self) -> UUID:
        """The backup that the present try asks for."""
        return uuid5(self.command_id, "backup")

    def command(self) -> RequestBackup:
        """What the present try asks for."""
        slot = NightlySlot(
            slot_date=self.slot_date,
            calendar_offset=self.calendar_offset,
            due_at=self.due_at,
            try_number=self.try_number,
        )
        return RequestBackup(
            backup_id=self.backup_id, environment_id=self.environment_id, comment=NIGHTLY_COMMENT, slot=slot
        )


def accepted(slot: OpenSlot, created_at: datetime) -> OpenSlot:
    """Its backup is under way; whether it is late was decided when its first one was accepted."""
    if slot.late is not None:
        return slot
    return replace(slot, late=created_at > slot.due_at + timedelta(minutes=LATE_AFTER_MINUTES))


def completed(slot: OpenSlot, now: datetime) -> SlotEnded:
    """It has its backup."""
    reason = "the backup is completed" if slot.try_number == 1 else f"completed at try {slot.try_number}"
    return _ended(slot, SlotState.COMPLETED, reason, now, this_try=None, backup_id=slot.backup_id)


def refused(slot: OpenSlot, code: str, reason: str, now: datetime) -> SlotEnded:
    """The catalog has the last word; after a failed try the night has failed, whatever came behind."""
    if slot.tries:
        whole = f"{_last_reason(slot)}; try {slot.try_number} was refused: {reason}"
        return _ended(slot, SlotState.FAILED, whole, now, this_try=f"refused: {reason}")
    if code == RejectionCode.OVERDUE:
        whole = f"nobody decided on it before the next slot was due, {slot.not_after.isoformat()}"
        return _ended(slot, SlotState.MISSED, whole, now, this_try=f"refused: {reason}")
    return _ended(slot, SlotState.SKIPPED, reason, now, this_try=f"refused: {reason}")


def failed(slot: OpenSlot, event: BackupFailed) -> OpenSlot | SlotEnded:
    """Another try after a wait, or the end: when all tries are used up, the next slot comes first, or it was cancelled.

    Who cancels a nightly backup does not want it a few minutes later.
    """
    ended_at = event.finished_at
    if event.code is FailureCode.CANCELLED:
        return _ended(slot, SlotState.FAILED, event.reason, ended_at, this_try=event.reason)
    if slot.try_number >= NIGHTLY_TRIES:
        reason = f"all {NIGHTLY_TRIES} tries failed, the last one: {event.reason}"
        return _ended(slot, SlotState.FAILED, reason, ended_at, this_try=event.reason)
    ask_at = ended_at + timedelta(minutes=NIGHTLY_WAIT_MINUTES[slot.try_number - 1])
    if ask_at >= slot.not_after:
        reason = f"try {slot.try_number} failed and the next slot is due before another one: {event.reason}"
        return _ended(slot, SlotState.FAILED, reason, ended_at, this_try=event.reason)
    tries = (*slot.tries, _try(slot, event.reason))
    return replace(slot, try_number=slot.try_number + 1, ask_at=ask_at, asked_at=None, tries=tries)


def never_ran(environment_id: UUID, slot: SlotTime, state: SlotState, reason: str, *, now: datetime) -> SlotEnded:
    """The end of a slot that was planned and did not fire: missed, or skipped since its environment is gone."""
    return SlotEnded(
        environment_id=environment_id,
        slot_date=slot.slot_date,
        due_at=slot.due_at,
        ended_at=now,
        state=SlotState(move(SLOT, SlotState.PLANNED, state)),
        reason=reason,
        late=False,
        backup_id=None,
        tries=(),
    )


def _ended(  # noqa: PLR0913 -- what became of the slot, when and why
    slot: OpenSlot,
    state: SlotState,
    reason: str,
    now: datetime,
    *,
    this_try: str | None,
    backup_id: UUID | None = None,
) -> SlotEnded:
    """With the present try among its tries; `this_try` is why that gave no backup."""
    return SlotEnded(
        environment_id=slot.environment_id,
        slot_date=slot.slot_date,
        due_at=slot.due_at,
        ended_at=now,
        state=SlotState(move(SLOT, SlotState.PLANNED, state)),
        reason=reason,
        late=bool(slot.late),
        backup_id=backup_id,
        tries=(*slot.tries, _try(slot, this_try)),
    )


def _try(slot: OpenSlot, reason: str | None) -> SlotTry:
    asked_at = slot.asked_at or slot.ask_at
    return SlotTry(number=slot.try_number, backup_id=slot.backup_id, asked_at=asked_at, reason=reason)


def _last_reason(slot: OpenSlot) -> str:
    return f"try {slot.tries[-1].number} failed: {slot.tries[-1].reason}"

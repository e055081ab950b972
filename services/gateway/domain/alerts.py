"""Which facts a person should look at, and in which words (spec: product)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from contracts import retention
from contracts.events.alerts import AlertKind
from contracts.events.backups import Tier
from contracts.events.retention import BlockerKind, ExpiryHeld, RepositoryChecked, SweepResumed, SweepStopped
from contracts.events.shredding import ShreddingFailed
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded
from contracts.states import SlotState

NAMESPACE: Final = UUID("0c9b1c6e-5a0f-4a36-8f39-3d0c2f3f6a51")
"""Drawn once; another one would raise every alert again when the log is read again."""


@dataclass(frozen=True)
class Where:
    """An environment as people name it, `app/name`; of a removed one nothing is expected any more."""

    name: str
    removed: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Alert:
    """What is to be said, of what: the same `about` again is the same alert."""

    kind: AlertKind
    about: str
    message: str

    @property
    def alert_id(self) -> UUID:
        """The same for the same kind about the same thing, so what is told twice is raised once."""
        return uuid5(NAMESPACE, f"{self.kind}/{self.about}")


def of_slot(ended: SlotEnded, where: Where) -> Iterable[Alert]:
    """A nightly run that was missed or failed, and the gap that a Sunday without a backup leaves.

    Nobody expects either of a removed environment, and a slot is skipped before any try only when it was removed.
    """
    if where.removed or (ended.state is SlotState.SKIPPED and not ended.tries):
        return
    about = f"{ended.environment_id}.{ended.slot_date}"
    if ended.state is SlotState.MISSED:
        said = f"{where}: the nightly backup of {ended.slot_date} was missed: {ended.reason}"
        yield Alert(AlertKind.SLOT_MISSED, about, said)
    if ended.state is SlotState.FAILED:
        said = f"{where}: the nightly backup of {ended.slot_date} failed, {_tries(ended)}: {ended.reason}"
        yield Alert(AlertKind.NIGHTLY_FAILED, about, said)
    longest = retention.tiers(ended.slot_date)[-1]
    if ended.state is not SlotState.COMPLETED and longest is not Tier.DAILY:
        said = f"{where}: {_gap(longest)}: Sunday {ended.slot_date} has no backup: {ended.reason}"
        yield Alert(AlertKind.GAP_IN_TIER, about, said)


def of_hold(held: ExpiryHeld, where: Where) -> Iterable[Alert]:
    """The last good backup of an environment is past its expiry, and nothing newer has completed.

    Once for an expiry: a policy that gives it another makes it another matter. Of a removed environment nothing ever
    will complete.
    """
    if any(blocker.kind is BlockerKind.LAST_GOOD for blocker in held.blockers):
        said = (
            f"{where}: backup {held.backup_id} should have gone at {held.expires_at:%Y-%m-%d %H:%M} UTC and is kept:"
            f" it is the newest good one. {_of_guard(held, where)}"
        )
        yield Alert(AlertKind.GUARD_ACTIVE, f"{held.backup_id}.{held.expires_at.isoformat()}", said)


def _of_guard(held: ExpiryHeld, where: Where) -> str:
    if not where.removed:
        return "See why none has completed since"
    return (
        "No newer one will complete, since the environment was removed. If nobody needs it any more:"
        f" nightkeep backup delete {held.backup_id} --confirm-last"
    )


def of_sweep(stopped: SweepStopped, where: Where) -> Iterable[Alert]:
    """A sweep would have removed too much at once."""
    said = (
        f"{where}: a sweep would let {stopped.due_count} of {stopped.backup_count} backups go at once"
        f" (its cap: more than {stopped.cap_count} and more than {stopped.cap_share:.0%}) and has stopped"
        f"{_held(stopped)}."
        f" If the clock and the policy are right: nightkeep sweep approve {where} {stopped.sweep_id}"
    )
    yield Alert(AlertKind.SWEEP_STOPPED, str(stopped.sweep_id), said)


def of_resumed_sweep(resumed: SweepResumed, where: Where) -> Iterable[Alert]:
    """Nobody need look any more."""
    said = f"{where}: sweep {resumed.sweep_id} goes on by itself: what is due has fallen below its cap"
    yield Alert(AlertKind.SWEEP_RESUMED, str(resumed.sweep_id), said)


def of_schedule(stopped: ScheduleStopped, where: Where) -> Iterable[Alert]:
    """More nights would be missed at once than an absence explains."""
    said = (
        f"{where}: {stopped.overdue_count} nightly backups are overdue, the oldest since"
        f" {stopped.waiting_since:%Y-%m-%d %H:%M} UTC, more than {stopped.cap_count}: no night is planned until the"
        f" clock is right, or you say that it is and they were missed: nightkeep slot approve {where}"
    )
    yield Alert(AlertKind.SCHEDULE_STOPPED, str(stopped.stop_id), said)


def of_resumed_schedule(resumed: ScheduleResumed, where: Where) -> Iterable[Alert]:
    """Nobody need look any more."""
    said = f"{where}: the nightly schedule goes on by itself: by the present clock few enough nights are overdue"
    yield Alert(AlertKind.SCHEDULE_RESUMED, str(resumed.stop_id), said)


def _held(stopped: SweepStopped) -> str:
    return (
        f"; {stopped.held_count} more are over and stay, pinned or as the last good one" if stopped.held_count else ""
    )


def of_check(checked: RepositoryChecked, where: Where) -> Iterable[Alert]:
    """Something that backups need is damaged or gone."""
    if checked.damage_count:
        backups = len({damage.backup_id for damage in checked.damages if damage.backup_id})
        first = checked.damages[0]
        of_backup = f"backup {first.backup_id}, " if first.backup_id else ""
        said = (
            f"{where}: {checked.damage_count} damages in stored backups ({backups} backups among those named);"
            f" the first: {of_backup}{first.place}: {first.reason}."
            f" See all: nightkeep repository check --environment {checked.environment_id}"
            f" --read-data {checked.read_percent} --seed {checked.seed}, and take a new backup"
        )
        yield Alert(AlertKind.BACKUP_DAMAGED, str(checked.check_id), said)


def of_failed_shredding(failed: ShreddingFailed, where: Where) -> Iterable[Alert]:
    """Backups that somebody wanted unreadable may be readable still."""
    said = (
        f"{where}: its backups could not be shredded: {failed.reason}. They are deleted, but data keys may be left."
        f" Mend that, and shred them again: nightkeep env shred {where}"
    )
    yield Alert(AlertKind.SHREDDING_FAILED, str(failed.shred_id), said)


def _tries(ended: SlotEnded) -> str:
    return "tried once" if len(ended.tries) == 1 else f"tried {len(ended.tries)} times"


def _gap(tier: Tier) -> str:
    return "a gap in the weekly tier" if tier is Tier.WEEKLY else "a gap in the weekly and the monthly tier"

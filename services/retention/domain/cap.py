"""A wrong clock must not empty a repository: how much one sweep of one environment may ask for (spec: retention §2)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from contracts.retention import exceeds_cap


@dataclass(frozen=True)
class Cap:
    """More than `count` and more than `share` of an environment's backups in one sweep stops it."""

    count: int
    share: float

    def is_exceeded(self, going: int, there: int) -> bool:
        """Whether `going` of the `there` backups are too many at once."""
        return exceeds_cap(going, there, count=self.count, share=self.share)


@dataclass(frozen=True)
class Standing:
    """How an environment stands before a sweep.

    `backup_count` are there; they are not counted (0) unless more than the cap's count are due: only then it matters.
    `due_count` would go now; the time of `approved_count` of these was over when the sweep that was approved had
    stopped, at `approved_until` (a policy that was applied since may have moved it there, which a person has approved
    as well). `held_count` more are due and stay: pinned, or the last good one. `stopped_sweep_id` is a sweep
    that stands stopped.
    """

    environment_id: UUID
    backup_count: int
    due_count: int
    approved_count: int = 0
    held_count: int = 0
    stopped_sweep_id: UUID | None = None
    approved_until: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What a sweep does with an environment: it asks for all that expired up to `ask_until` (None: for nothing).

    `stopped_sweep_id` is the sweep that stands stopped afterwards; `stops_now`: it is this one, and that is news.
    `resumes_sweep_id` is one that stood stopped and needs nobody any more.
    """

    ask_until: datetime | None
    stopped_sweep_id: UUID | None
    stops_now: bool
    resumes_sweep_id: UUID | None = None


def judge(standing: Standing, cap: Cap, sweep_id: UUID, now: datetime) -> Verdict:
    """Ask for what is due, unless that is too much at once: what was approved goes, the rest waits for a person.

    An approval serves one sweep: what falls due later is measured again.
    """
    unapproved = standing.due_count - standing.approved_count
    if unapproved == 0 or not cap.is_exceeded(unapproved, standing.backup_count):
        return Verdict(now, None, stops_now=False, resumes_sweep_id=standing.stopped_sweep_id)
    stands = standing.stopped_sweep_id
    return Verdict(standing.approved_until, stands or sweep_id, stops_now=stands is None)


def sweep_of(run_id: UUID, environment_id: UUID) -> UUID:
    """The id of one run's sweep of one environment: each is approved by itself."""
    return uuid5(run_id, str(environment_id))

"""What a policy would do to the backups that there are: a pure look, which changes nothing (spec: retention §2)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.events.backups import BackupKind, Tier
from contracts.events.policies import PolicyEffect
from contracts.events.retention import BlockerKind
from contracts.retention import Policy, expires_at, is_kept
from contracts.states import BackupState
from contracts.values import Value

GOVERNED: Final = frozenset({BackupState.QUEUED, BackupState.RUNNING, BackupState.COMPLETED})
"""A failed backup falls into no tier, and what has gone stays gone: no policy changes their expiry."""


class Subject(BaseModel):
    """What a simulation needs of a backup; made from the read model's document as it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    backup_id: UUID
    environment_id: UUID
    kind: BackupKind
    state: BackupState
    created_at: AwareDatetime
    tiers: tuple[Tier, ...]
    expires_at: AwareDatetime | None
    pinned: bool = False
    stored_bytes: int | None = None


class Fate(StrEnum):
    """What a policy does to a backup; `lost`: its time is over at once, and nothing holds it."""

    SAME = "same"
    LONGER = "longer"
    SHORTER = "shorter"
    LOST = "lost"


class Simulated(Value):
    """One backup under a policy: its expiry before and after; `held_by` is what keeps it when its time is over.

    Pins and the guard are counted. What works with a backup at the moment (a restore, a download, a copy, an upload)
    holds it for a while only, and is not.
    """

    backup_id: UUID
    environment_id: UUID
    created_at: AwareDatetime
    tiers: tuple[Tier, ...]
    before: AwareDatetime | None
    after: AwareDatetime | None
    fate: Fate
    held_by: tuple[BlockerKind, ...]
    bytes: int


class Leaving(Value):
    """What goes on one day, in UTC; `bytes` is what these backups had added to the store: an upper bound."""

    day: date
    backup_ids: tuple[UUID, ...]
    bytes: int


class Simulation(Value):
    """What `policy` would do at the instant `at`. `digest` names exactly this: who approves it, approves these dates.

    `calendar` has the days on which backups go that no pin or guard holds; what is due already goes on the first.
    """

    policy: Policy
    at: AwareDatetime
    backups: tuple[Simulated, ...]
    effect: PolicyEffect
    digest: str
    calendar: tuple[Leaving, ...]


def simulate(backups: Iterable[Subject], policy: Policy, *, now: datetime) -> Simulation:
    """Apply `policy` to `backups`, by the business clock `now`; whatever is not governed by policies is left out."""
    governed = [one for one in backups if one.state in GOVERNED]
    newest = _newest_completed(governed)
    simulated = tuple(_simulated(one, policy, newest, now) for one in sorted(governed, key=_age))
    return Simulation(
        policy=policy,
        at=now,
        backups=simulated,
        effect=_effect(simulated),
        digest=_digest(policy, simulated),
        calendar=_calendar(simulated, now),
    )


def shortens(effect: PolicyEffect) -> bool:
    """Whether anything would go earlier than it does now: then a change has to cool off."""
    return effect.shorter_count + effect.lost_count > 0


def _age(backup: Subject) -> tuple[datetime, UUID]:
    return backup.created_at, backup.backup_id


def _newest_completed(backups: Sequence[Subject]) -> frozenset[UUID]:
    """Of each environment the one that the last-good guard holds."""
    newest: dict[UUID, Subject] = {}
    for one in sorted(backups, key=_age):
        if one.state is BackupState.COMPLETED:
            newest[one.environment_id] = one
    return frozenset(one.backup_id for one in newest.values())


def _simulated(backup: Subject, policy: Policy, newest: frozenset[UUID], now: datetime) -> Simulated:
    after = expires_at(backup.created_at, backup.tiers, policy, backup.kind)
    pin = (BlockerKind.PIN,) if backup.pinned else ()
    guard = (BlockerKind.LAST_GOOD,) if backup.backup_id in newest else ()
    return Simulated(
        backup_id=backup.backup_id,
        environment_id=backup.environment_id,
        created_at=backup.created_at,
        tiers=backup.tiers,
        before=backup.expires_at,
        after=after,
        fate=fate(backup.expires_at, after, now=now, is_held=bool(pin or guard)),
        held_by=pin + guard,
        bytes=backup.stored_bytes or 0,
    )


def fate(before: datetime | None, after: datetime | None, *, now: datetime, is_held: bool = False) -> Fate:
    """What becomes of a backup whose expiry moves from `before` to `after`; what was due and stays due is the same."""
    if before == after or not (is_kept(now, before) or is_kept(now, after)):
        return Fate.SAME
    if after is None or (before is not None and before < after):
        return Fate.LONGER
    return Fate.SHORTER if is_kept(now, after) or is_held else Fate.LOST


def _effect(simulated: Sequence[Simulated]) -> PolicyEffect:
    counted = {one: sum(backup.fate is one for backup in simulated) for one in Fate}
    return PolicyEffect(
        same_count=counted[Fate.SAME],
        longer_count=counted[Fate.LONGER],
        shorter_count=counted[Fate.SHORTER],
        lost_count=counted[Fate.LOST],
        freed_bytes=sum(backup.bytes for backup in simulated if backup.fate is Fate.LOST),
    )


def _digest(policy: Policy, simulated: Sequence[Simulated]) -> str:
    moved = sorted(f"{one.backup_id} {one.before} {one.after}" for one in simulated if one.fate is not Fate.SAME)
    return hashlib.sha256("\n".join([policy.model_dump_json(), *moved]).encode()).hexdigest()


def _calendar(simulated: Sequence[Simulated], now: datetime) -> tuple[Leaving, ...]:
    days: defaultdict[date, list[Simulated]] = defaultdict(list)
    for one in simulated:
        if one.after is not None and not one.held_by:
            days[max(one.after, now).date()].append(one)
    return tuple(
        Leaving(day=day, backup_ids=tuple(one.backup_id for one in gone), bytes=sum(one.bytes for one in gone))
        for day, gone in sorted(days.items())
    )

"""What a policy would do to the backups that there are: a pure look, which changes nothing (spec: retention §2)."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts import defaults
from contracts.events.backups import BackupKind, Tier
from contracts.events.policies import PolicyEffect
from contracts.events.retention import BlockerKind
from contracts.retention import Policy, exceeds_cap, expires_at, is_kept
from contracts.states import BackupState
from contracts.values import Value

GOVERNED: Final = frozenset({BackupState.QUEUED, BackupState.RUNNING, BackupState.COMPLETED})
"""A failed backup falls into no tier, and what has gone stays gone: no policy changes their expiry."""
LISTED: Final = GOVERNED | {BackupState.FAILED}
"""What has not gone: a failed one goes, too, at the expiry of its own that it got when it failed."""
COOLING_OFF: Final = timedelta(hours=defaults.COOLING_OFF_HOURS)
"""Before it is over nothing goes by a policy that shortens anything, however soon the change is approved."""


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
    """What goes on one day, in UTC; `bytes` is what these backups had added to the store: an upper bound.

    `over_cap` are the environments in which that is more than one sweep takes unless an operator has set another cap:
    a sweep that finds all of it due stops and asks, and until somebody approves nothing more goes there.
    """

    day: date
    backup_ids: tuple[UUID, ...]
    bytes: int
    over_cap: tuple[UUID, ...] = ()


class Simulation(Value):
    """What `policy` would do at the instant `at`. `digest` names exactly this: who approves it, approves these dates.

    `calendar` has the days on which backups go that no pin or guard holds; what is due already goes on the first. It
    takes the change as asked for and approved at `at`: until it has cooled off, backups go by their old expiry, and
    whoever approves later moves what is left. Failed backups are in no policy, so not in `backups`, but go as well.
    """

    policy: Policy
    at: AwareDatetime
    backups: tuple[Simulated, ...]
    effect: PolicyEffect
    digest: str
    calendar: tuple[Leaving, ...]


def simulate(backups: Iterable[Subject], policy: Policy, *, now: datetime) -> Simulation:
    """Apply `policy` to `backups`, by the business clock `now`; of what it does not govern only the calendar tells."""
    listed = sorted((one for one in backups if one.state in LISTED), key=_age)
    newest = _newest_completed(listed)
    seen = [_simulated(one, policy, newest, now) for one in listed]
    simulated = tuple(found for one, found in zip(listed, seen, strict=True) if one.state in GOVERNED)
    effect = _effect(simulated)
    return Simulation(
        policy=policy,
        at=now,
        backups=simulated,
        effect=effect,
        digest=_digest(policy, simulated),
        calendar=_calendar(seen, now, applies_at(effect, now)),
    )


def shortens(effect: PolicyEffect) -> bool:
    """Whether anything would go earlier than it does now: then a change has to cool off."""
    return effect.shorter_count + effect.lost_count > 0


def applies_at(effect: PolicyEffect, now: datetime) -> datetime:
    """When a change with this `effect` that is asked for now applies at the earliest: it may have to cool off."""
    return now + COOLING_OFF if shortens(effect) else now


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
    after = backup.expires_at
    if backup.state in GOVERNED:
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
    """Without the policy's version: asked for, it has the next one, and to be looked at again it needs the same digest.

    The catalog never makes it again: it compares what is approved with what was told when the change was asked for.
    """
    moved = sorted(f"{one.backup_id} {one.before} {one.after}" for one in simulated if one.fate is not Fate.SAME)
    return hashlib.sha256("\n".join([policy.model_dump_json(exclude={"version"}), *moved]).encode()).hexdigest()


def _calendar(listed: Sequence[Simulated], now: datetime, changes_at: datetime) -> tuple[Leaving, ...]:
    days: defaultdict[date, list[Simulated]] = defaultdict(list)
    for one in listed:
        if not one.held_by and (goes_at := _goes_at(one, now, changes_at)) is not None:
            days[goes_at.astimezone(UTC).date()].append(one)
    there = Counter(one.environment_id for one in listed)
    calendar: list[Leaving] = []
    for day, gone in sorted(days.items()):
        calendar.append(_leaving(day, gone, there))
        there.subtract(one.environment_id for one in gone)
    return tuple(calendar)


def _goes_at(one: Simulated, now: datetime, changes_at: datetime) -> datetime | None:
    """By the old expiry what that lets go before a cooling-off is over, all else by the new one from then on."""
    if now < changes_at and one.before is not None and not is_kept(changes_at, one.before):
        return max(one.before, now)
    return None if one.after is None else max(one.after, changes_at)


def _leaving(day: date, gone: Sequence[Simulated], there: Mapping[UUID, int]) -> Leaving:
    going = Counter(one.environment_id for one in gone)
    return Leaving(
        day=day,
        backup_ids=tuple(one.backup_id for one in gone),
        bytes=sum(one.bytes for one in gone),
        over_cap=tuple(sorted(place for place, count in going.items() if exceeds_cap(count, there[place]))),
    )

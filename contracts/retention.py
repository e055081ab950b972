"""How long a backup is kept: tiers from its slot date, windows from its acceptance (spec: retention §2).

The catalog stamps by these rules, the gateway shows and simulates by them, and tests hold both against them.
"""

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from contracts import defaults
from contracts.events.backups import BackupKind, Tier, WindowEnd
from contracts.values import Name, Value

RULE_VERSION: Final = 1
"""Of the rules in this module; stamped on every backup, so that `explain` can tell by which it was decided."""
ON_DEMAND: Final = "on_demand"
"""The window that is no tier's."""
ASKED_FOR: Final = frozenset({BackupKind.ON_DEMAND, BackupKind.UPLOADED})
"""Kinds that somebody asks for, at any time; that window is theirs."""
SUNDAY: Final = 6
FIRST_WEEK_DAYS: Final = 7


class Window(Value):
    """How long a tier keeps a backup, counted from `created_at`: months first, the day clamped, then days."""

    days: Annotated[int, Field(ge=0, le=36_500, strict=True)] = 0
    months: Annotated[int, Field(ge=0, le=1_200, strict=True)] = 0

    @model_validator(mode="after")
    def _is_no_instant(self) -> Self:
        if not self.days and not self.months:
            raise ValueError("a window is at least a day long: leave the tier out instead")
        return self

    def end(self, created_at: datetime) -> datetime:
        """The instant at which the window closes, in UTC, at the same time of day."""
        return add_months(created_at.astimezone(UTC), self.months) + timedelta(days=self.days)


class Policy(Value):
    """A named, versioned rule: the window of each tier. One without any window keeps everything.

    `on_demand`, where given, is the only window of on-demand and of imported backups, whatever their day.
    `fill_gaps`: the first nightly after a Sunday whose slot ended without a backup gets that Sunday's tiers.
    """

    name: Name
    version: Annotated[int, Field(ge=1)] = 1
    daily: Window | None = None
    weekly: Window | None = None
    monthly: Window | None = None
    on_demand: Window | None = None
    fill_gaps: bool = False

    @model_validator(mode="after")
    def _every_day_has_a_window(self) -> Self:
        if self.daily is None and (self.weekly or self.monthly or self.on_demand):
            raise ValueError("daily: every backup is a daily one, so say how long that keeps it (or give no window)")
        return self

    def window(self, tier: Tier) -> Window | None:
        """How long `tier` keeps a backup; None: it says nothing."""
        found: Window | None = getattr(self, tier.value)
        return found


CLASSIC: Final = Policy(name="classic", daily=Window(days=14), weekly=Window(months=3), monthly=Window(months=12))
FLAT_ON_DEMAND: Final = CLASSIC.model_copy(update={"name": "flat-on-demand", "on_demand": Window(months=3)})
PRESETS: Final = {preset.name: preset for preset in (CLASSIC, FLAT_ON_DEMAND)}


class UnusablePolicyError(ValueError):
    """A policy that cannot be meant as it was asked for; `field` is what is wrong with the request."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


def meant(asked: str | Policy, newest_version: int) -> Policy:
    """The policy that is asked for: a preset by its name, one's own as its next version. Raises UnusablePolicyError."""
    if isinstance(asked, Policy):
        if asked.name in PRESETS:
            reason = f"{asked.name!r} is a preset: name it alone, or give your own policy another name"
            raise UnusablePolicyError(reason, "policy.name")
        return asked.model_copy(update={"version": newest_version + 1})
    if asked not in PRESETS:
        reason = f"there is no preset {asked!r}: name one of {', '.join(PRESETS)}, or describe a policy of your own"
        raise UnusablePolicyError(reason, "policy")
    return PRESETS[asked]


def effective(own: Policy | None, of_app: Policy | None) -> Policy:
    """The policy that an environment's new backups follow: its own, else its app's, else `classic`."""
    return own or of_app or CLASSIC


def add_months(instant: datetime, months: int) -> datetime:
    """The same day and time `months` later, the day clamped to the end of a shorter month."""
    year, month = divmod(instant.month - 1 + months, 12)
    year, month = instant.year + year, month + 1
    return instant.replace(year=year, month=month, day=min(instant.day, calendar.monthrange(year, month)[1]))


def tiers(slot_date: date) -> tuple[Tier, ...]:
    """The tiers of a slot date: daily always, weekly on a Sunday, monthly on the first Sunday of a month."""
    if slot_date.weekday() != SUNDAY:
        return (Tier.DAILY,)
    if slot_date.day > FIRST_WEEK_DAYS:
        return (Tier.DAILY, Tier.WEEKLY)
    return (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)


def expires_at(
    created_at: datetime,
    matched: Iterable[Tier],
    policy: Policy = CLASSIC,
    kind: BackupKind = BackupKind.NIGHTLY,
) -> datetime | None:
    """From this instant on a backup may go: the latest of its windows. None: it is kept for ever."""
    return max((one.ends_at for one in windows(created_at, matched, policy, kind)), default=None)


def windows(
    created_at: datetime,
    matched: Iterable[Tier],
    policy: Policy = CLASSIC,
    kind: BackupKind = BackupKind.NIGHTLY,
) -> tuple[WindowEnd, ...]:
    """The windows that keep a backup, each with its end; none: it is kept for ever."""
    if kind in ASKED_FOR and policy.on_demand is not None:
        return (WindowEnd(window=ON_DEMAND, ends_at=policy.on_demand.end(created_at)),)
    found = [(tier, policy.window(tier)) for tier in matched]
    return tuple(WindowEnd(window=tier.value, ends_at=window.end(created_at)) for tier, window in found if window)


def failed_expires_at(created_at: datetime) -> datetime:
    """A failed backup falls into no tier; it is listed for a while, so that somebody sees it."""
    return created_at.astimezone(UTC) + timedelta(days=defaults.FAILED_BACKUP_KEPT_DAYS)


def is_kept(now: datetime, expiry: datetime | None) -> bool:
    """Kept while `now < expires_at`."""
    return expiry is None or now < expiry


def exceeds_cap(
    going: int, there: int, *, count: int = defaults.SWEEP_CAP_COUNT, share: float = defaults.SWEEP_CAP_SHARE
) -> bool:
    """Whether `going` of the `there` backups of an environment are too many for one sweep, which then stops and asks.

    `share` is of 1; a sweep takes what is not more than both.
    """
    return going > count and going > share * there

"""What a policy would do, in a terminal of 100 columns: what is kept and lost, which backups, and a calendar."""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts import defaults
from contracts.simulation import Fate, Leaving, Simulated, Simulation, applies_at, shortens
from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.policies import windows
from services.cli.show.tables import Column, table
from services.gateway.resources import PolicyChange

LISTED: Final = 40
"""Backups that are shown one by one; more are in the data."""
COUNTED: Final = (
    "Pins and the last good backup are counted as held; a running restore, download, copy or upload is not: it only"
    " delays."
)
DIFFERS: Final = (
    "What its policy would do now is not what was simulated when it was asked for (the time of a backup may be over"
    " since): the numbers are those of then.\n"
)
MOST_DIGITS: Final = 9
"""What one place of the calendar can say."""

_FATES: Final = (
    (Fate.LOST, "lost", "their time is over when it applies", "bold red"),
    (Fate.SHORTER, "shortened", "they go earlier than now", "yellow"),
    (Fate.LONGER, "kept longer", "they stay longer than now", "green"),
    (Fate.SAME, "kept as now", "nothing changes", ""),
)
_WORDS: Final = {fate: (word, style) for fate, word, _, style in _FATES}


def simulation(one: Simulation, where: str) -> RenderableType:
    """What the policy would do at `where` (how people name the place)."""
    head = Text(f"{one.policy.name}, version {one.policy.version}", style="bold").append(
        f" on the {len(one.backups):,} backups of {where}, at {formats.instant(one.at)} UTC\n", style="not bold"
    )
    does = (fates(one.backups), *_moved(one.backups), *_cooling_off(one), *_calendar(one.calendar), *_capped(one))
    return Group(head, windows(one.policy), *does, Text(COUNTED, style="dim"), lines_of([("Digest", one.digest)]))


def again(change: PolicyChange, found: Simulation | None) -> RenderableType:
    """The backups that a waiting change moves, when `found`, what its policy does now, is what was simulated then."""
    if found is not None and change.digest == found.digest:
        return Group(*_moved(found.backups))
    return Text(DIFFERS, style="yellow")


def fates(backups: Sequence[Simulated]) -> Table:
    """How many are kept, shortened and lost, and what they had added to the store."""
    columns = (Column("Backups"), Column("", right=True), Column("Stored", right=True), Column("", firm=False))
    rows: list[tuple[Text | str, ...]] = []
    for fate, word, meaning, style in _FATES:
        those = [one for one in backups if one.fate is fate]
        size = formats.size(sum(one.bytes for one in those)) if those else formats.NOTHING
        rows.append((Text(word, style=style if those else "dim"), f"{len(those):,}", size, Text(meaning, style="dim")))
    return table(columns, rows)


def _moved(backups: Sequence[Simulated]) -> Iterable[RenderableType]:
    moved = [one for one in backups if one.fate is not Fate.SAME]
    if moved:
        columns = (Column("Created (UTC)"), Column("Kept as"), Column("Expires"), Column("Would expire"),
                   Column("Then"), Column("Stored", right=True))  # fmt: skip
        yield table(columns, map(_row, moved[:LISTED]))
    if len(moved) > LISTED:
        yield Text(f"and {len(moved) - LISTED:,} more: see `nightkeep policy simulate --json`\n")


def _row(one: Simulated) -> tuple[Text | str, ...]:
    word, style = _WORDS[one.fate]
    held = f", held: {', '.join(one.held_by).replace('_', ' ')}" if one.held_by else ""
    return (
        formats.minute(one.created_at),
        one.tiers[-1],
        "never" if one.before is None else formats.day(one.before),
        "never" if one.after is None else formats.day(one.after),
        Text(word, style=style).append(held, style="dim"),
        formats.size(one.bytes),
    )


def _calendar(leaving: Sequence[Leaving]) -> Iterable[RenderableType]:
    """A line for each month, a place for each day: how many backups go then."""
    if not leaving:
        yield Text("Nothing would ever go.")
        return
    months: defaultdict[tuple[int, int], list[Leaving]] = defaultdict(list)
    for one in leaving:
        months[one.day.year, one.day.month].append(one)
    columns = (Column("Goes in"), Column(_days()), Column("Go", right=True), Column("Frees", right=True))
    yield table(columns, (_month(year, month, gone) for (year, month), gone in sorted(months.items())))
    if any(len(one.backup_ids) > MOST_DIGITS for one in leaving):
        yield Text(f"# more than {MOST_DIGITS} on that day", style="dim")


def _cooling_off(one: Simulation) -> Iterable[RenderableType]:
    if shortens(one.effect):
        until = formats.instant(applies_at(one.effect, one.at))
        yield Text(
            f"Asked for now, it cools off until {until} UTC at the earliest, and backups go by their present expiry"
            " until then.\n"
        )


def _capped(one: Simulation) -> Iterable[RenderableType]:
    days = [leaving.day for leaving in one.calendar if leaving.over_cap]
    if days:
        others = len(days) - 1
        more = f" and {others:,} more day{'s' if others > 1 else ''}" if others else ""
        yield Text(
            f"On {days[0]}{more} more go than one sweep takes (more than {defaults.SWEEP_CAP_COUNT} and more than"
            f" {defaults.SWEEP_CAP_SHARE:.0%} of an environment's backups, unless that is set otherwise): a sweep that"
            " finds so many due at once stops at its cap, and nothing more goes there until somebody approves it:"
            " `nightkeep sweep approve`.\n",
            style="yellow",
        )


def _days() -> str:
    """Every fifth day is named over its place."""
    return "".join(f"{day:>2}" if day == 1 or day % 5 == 0 else "  " for day in range(1, 32))


def _month(year: int, month: int, gone: Sequence[Leaving]) -> tuple[Text | str, ...]:
    counts = {one.day.day: len(one.backup_ids) for one in gone}
    places = Text()
    for day in range(1, calendar.monthrange(year, month)[1] + 1):
        places.append(*_place(counts.get(day, 0)))
    total = sum(counts.values())
    return f"{year}-{month:02d}", places, f"{total:,}", formats.size(sum(one.bytes for one in gone))


def _place(count: int) -> tuple[str, str]:
    if not count:
        return " ·", "dim"
    return f" {count if count <= MOST_DIGITS else '#'}", "bold"

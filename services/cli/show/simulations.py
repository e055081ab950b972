"""What a policy would do, in a terminal of 100 columns: what is kept and lost, which backups, and a calendar."""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.simulation import Fate, Leaving, Simulated, Simulation
from services.cli.show import formats
from services.cli.show.policies import windows
from services.cli.show.tables import Column, table

LISTED: Final = 40
"""Backups that are shown one by one; more are in `--json`."""
COUNTED: Final = (
    "Pins and the last good backup are counted as held; a running restore, download, copy or upload is not: it only"
    " delays."
)
MOST_DIGITS: Final = 9
"""What one place of the calendar can say."""

_FATES: Final = (
    (Fate.LOST, "lost", "their time is over at once", "bold red"),
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
    moved, leaving = _moved(one.backups), _calendar(one.calendar)
    return Group(head, windows(one.policy), fates(one.backups), *moved, *leaving, Text(COUNTED, style="dim"))


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
        yield Text(f"and {len(moved) - LISTED:,} more: see --json\n")


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

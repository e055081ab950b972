"""Why a backup is there or has gone, in a terminal of 100 columns."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.explanation import Explanation, Hold, Judgement
from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.tables import Column, state, table


def explanation(one: Explanation) -> RenderableType:
    """What it is, by which windows it is kept, what held it, and what happened, sentence by sentence."""
    judgement = one.judgements[-1]
    head = lines_of([
        ("Backup", str(one.backup_id)),
        ("State", state(one.state)),
        ("Counts for", f"{one.slot_date:%Y-%m-%d, %A} ({one.calendar_offset}){', late' if one.late else ''}"),
        ("Policy", f"{judgement.policy}, version {judgement.policy_version} (rules version {judgement.rule_version})"),
        ("Kept as", ", ".join(judgement.tiers) or "in no tier"),
        ("Expires on", "never" if judgement.expires_at is None else f"{formats.instant(judgement.expires_at)} UTC"),
    ])  # fmt: skip
    return Group(head, *_windows(judgement), *_holds(one.holds), _sentences(one.sentences))


def _windows(judgement: Judgement) -> Iterable[RenderableType]:
    if judgement.windows:
        rows = ((one.window.replace("_", " "), formats.instant(one.ends_at)) for one in judgement.windows)
        yield table((Column("Window"), Column("Keeps it until (UTC)")), rows)


def _holds(holds: Sequence[Hold]) -> Iterable[RenderableType]:
    if holds:
        columns = (Column("Held by", firm=False), Column("Since (UTC)"), Column("Until (UTC)"), Column("Asked for by"))
        yield table(columns, map(_hold, holds))


def _hold(one: Hold) -> tuple[str, ...]:
    until = "it still does" if one.until is None else formats.minute(one.until)
    return one.reason, formats.minute(one.since), until, one.by


def _sentences(sentences: Sequence[str]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, sentence in enumerate(sentences, 1):
        grid.add_row(f"{number}.", Text(sentence))
    return Padding(grid, (0, 0, 1, 0))

"""Nightly runs, stopped sweeps and alerts in a terminal of 100 columns."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.tables import Column, named, state, table
from services.gateway.resources import Alert, BackupPreview, Slot, StoppedSchedule, StoppedSweep


def slots(found: Iterable[Slot]) -> Table:
    """Expected nightly runs, each with its backup or the reason why there is none."""
    columns = (Column("Slot date"), Column("State"), Column("Due"), Column("Tries", right=True),
               Column("Backup", firm=False))  # fmt: skip
    return table(columns, map(_slot, found))


def _slot(one: Slot) -> tuple[Text | str, ...]:
    said = "; ".join(filter(None, ("late" if one.late else "", one.reason)))
    backup = named(str(one.backup_id), said) if one.backup_id and said else Text(str(one.backup_id or said))
    return (
        f"{one.slot_date:%Y-%m-%d %a}",
        state(one.state),
        one.due_local,
        str(len(one.tries)) if one.tries else formats.NOTHING,
        backup,
    )


def stopped_sweep(one: StoppedSweep) -> RenderableType:
    """What a sweep would let go, and why it asks."""
    examples = "\n".join(map(str, one.examples))
    return lines_of([
        ("Sweep", str(one.sweep_id)),
        ("Stopped", f"{formats.instant(one.stopped_at)} UTC"),
        ("Would let go", f"{one.due_count} of {one.backup_count} backups"),
        ("Over, but held", f"{one.held_count}: pinned, or the last good one; they stay" if one.held_count else None),
        ("Its cap", f"more than {one.cap_count} and more than {one.cap_share:.0%} at once"),
        ("The first", examples or None),
    ])  # fmt: skip


def stopped_schedule(one: StoppedSchedule) -> RenderableType:
    """How many nights would be missed, and why it asks."""
    return lines_of([
        ("Stopped", f"{formats.instant(one.stopped_at)} UTC"),
        ("Overdue", f"{one.overdue_count} nightly runs, the oldest since {formats.instant(one.waiting_since)} UTC"),
        ("Its cap", f"more than {one.cap_count} at once"),
    ])  # fmt: skip


def alerts(found: Iterable[Alert]) -> Table:
    """Alerts, newest first."""
    columns = (Column("Raised (UTC)"), Column("Alert"), Column("What to look at", firm=False))
    return table(columns, ((formats.minute(one.raised_at), _kind(one.alert), one.message) for one in found))


def _kind(alert: str) -> Text:
    return Text(alert.replace("_", " "), style=_STYLES.get(alert, "bold red"))


_STYLES = {"guard_active": "yellow", "sweep_resumed": "green", "schedule_resumed": "green"}


def kept_until(one: BackupPreview) -> str:
    """One sentence: how long a backup will be kept, and why."""
    why = ", ".join(window.window.replace("_", " ") for window in one.windows)
    if one.expires_at is None:
        return f"it will be kept for ever: the policy {one.policy} has no window for it"
    return f"it will be kept until {formats.minute(one.expires_at)} UTC ({why}; policy {one.policy})"


def preview(one: BackupPreview) -> RenderableType:
    """What a backup would get that was asked for now."""
    longest = [
        (Text(window.window.replace("_", " ")), f"{formats.instant(window.ends_at)} UTC") for window in one.windows
    ]
    head = lines_of([
        ("Counts for", f"{one.slot_date:%Y-%m-%d, %A} ({one.calendar_offset})"),
        ("Kept as", ", ".join(one.tiers)),
        ("Policy", f"{one.policy}, version {one.policy_version}"),
        ("Expires on", "never" if one.expires_at is None else f"{formats.instant(one.expires_at)} UTC"),
    ])  # fmt: skip
    return Group(head, *([table((Column("Window"), Column("Keeps it until")), longest)] if longest else []))

"""Lists as tables that fit a terminal of 80 columns where they can; ids are whole, since people copy them."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from contracts.values import Finding, Severity
from services.cli.names import environment_name
from services.cli.show import formats
from services.gateway.resources import App, Backup, DeadLetter, Environment, Parcel, Restore, Upload

STYLES: Final = {
    "queued": "cyan",
    "running": "yellow",
    "completed": "green",
    "passed": "green",
    "failed": "bold red",
    "undone": "magenta",
    "expired": "dim",
    "deleting": "dim",
    "planned": "cyan",
    "skipped": "yellow",
    "missed": "bold red",
    "waiting": "yellow",
    "delivered": "green",
    "stopped": "dim",
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
}


class Column(NamedTuple):
    """A column's heading; `firm` ones are never wrapped, `right` ones hold numbers."""

    heading: str
    firm: bool = True
    right: bool = False


def state(value: str) -> Text:
    """A state in its colour."""
    return Text(value, style=STYLES.get(value, ""))


def table(columns: Sequence[Column], rows: Iterable[Sequence[Text | str]]) -> Table:
    """A plain table; texts are shown as they are, whatever brackets they hold."""
    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading, firm, right in columns:
        made.add_column(heading, no_wrap=firm, justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def apps(found: Iterable[App]) -> Table:
    """Apps by slug."""
    columns = (Column("App"), Column("Name", firm=False), Column("Id"))
    return table(columns, ((app.slug, app.name, str(app.app_id)) for app in found))


def environments(found: Iterable[Environment]) -> Table:
    """Environments with what decides whether they take backups."""
    columns = (Column("Environment", firm=False), Column("Mode"), Column("App"), Column("Model"), Column("Check"))
    return table(columns, map(_environment, found))


def _environment(one: Environment) -> tuple[Text | str, ...]:
    return (
        named(environment_name(one), str(one.environment_id)),
        named(one.mode, f"{one.region} {one.cloud_version}"),
        state(one.run_state),
        formats.text(one.model_version),
        state(one.check.state if one.check else ""),
    )


def backups(found: Iterable[Backup]) -> Table:
    """Backups as the Backups page lists them (spec: product §8)."""
    columns = (Column("Created (UTC)"), Column("State"), Column("Size", right=True), Column("Backup", firm=False))
    return table(columns, map(_backup, found))


def _backup(one: Backup) -> tuple[Text | str, ...]:
    whole = None if one.database is None or one.files is None else one.database.bytes + one.files.bytes
    return (
        named(formats.minute(one.created_at), _kept(one)),
        state(one.state),
        formats.size(whole),
        named(str(one.backup_id), f"{one.created_by}: {one.comment}" if one.comment else one.created_by),
    )


def _kept(one: Backup) -> str:
    return "pinned" if one.pinned else "held" if one.held else f"until {formats.day(one.expires_at)}"


def restores(found: Iterable[Restore]) -> Table:
    """Restores into one environment."""
    columns = (Column("Asked for (UTC)"), Column("State"), Column("Undo"), Column("Restore, of backup", firm=False))
    return table(columns, map(_restore, found))


def _restore(one: Restore) -> tuple[Text | str, ...]:
    possible = one.undo_state == "possible"
    return (
        formats.minute(one.requested_at),
        state(one.state),
        f"until {formats.minute(one.undo_until)}" if possible else one.undo_state.replace("none", formats.NOTHING),
        named(str(one.restore_id), f"of {one.backup_id}"),
    )


def uploads(found: Iterable[Upload]) -> Table:
    """Uploads into one environment."""
    columns = (Column("Asked for (UTC)"), Column("State"), Column("Brings"), Column("Upload", firm=False))
    return table(columns, map(_upload, found))


def _upload(one: Upload) -> tuple[Text | str, ...]:
    brings = one.data_type.replace("_", " ")
    return formats.minute(one.requested_at), state(one.state), brings, str(one.upload_id)


def parcels(found: Iterable[Parcel]) -> Table:
    """Files on their way into one environment."""
    numbers = (Column("Size", right=True), Column("Parts", right=True))
    return table((Column("Parcel, sum", firm=False), *numbers, Column("Until (UTC)")), map(_parcel, found))


def _parcel(one: Parcel) -> tuple[Text | str, ...]:
    until = "worked off" if one.held_by else formats.minute(one.expires_at)
    parts = f"{one.received} of {one.parts}"
    return named(str(one.parcel_id), one.sha256[:16]), formats.size(one.size_bytes), parts, until


def named(name: str, more: str) -> Text:
    """Two lines of one cell: what people copy, and below it what they recognise it by."""
    return Text(f"{name}\n").append(more, style="dim")


def findings(found: Iterable[Finding]) -> Table:
    """What a check or a preflight saw, what stands in the way first."""
    order = list(Severity)
    columns = (Column("Severity"), Column("Code"), Column("Finding", firm=False))
    rows = sorted(found, key=lambda one: order.index(one.severity))
    return table(columns, ((state(one.severity), one.code, _finding(one)) for one in rows))


def _finding(one: Finding) -> str:
    return f"{one.message} ({one.subject})" if one.subject and one.subject not in one.message else one.message


def dead_letters(found: Iterable[DeadLetter]) -> Table:
    """Refused records, newest first."""
    columns = (Column("Id"), Column("Refused (UTC)"), Column("Code"), Column("Type", firm=False),
               Column("Why", firm=False))  # fmt: skip
    return table(columns, map(_dead_letter, found))


def _dead_letter(one: DeadLetter) -> tuple[Text | str, ...]:
    return (
        one.dead_letter_id,
        formats.instant(one.refused_at),
        one.code,
        formats.text(one.message_type),
        one.reason,
    )

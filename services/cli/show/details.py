"""One thing with all that a person wants to know of it, line by line; what has no value is left out."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.values import Finding, Lease, StepTime, Warning  # noqa: A004 -- the product's word
from services.cli.names import environment_name
from services.cli.show import formats
from services.cli.show.facts import facts
from services.cli.show.tables import STYLES, Column, findings, state, table
from services.gateway.resources import (
    App,
    Backup,
    Check,
    DeadLetter,
    Environment,
    Failure,
    Preflight,
    Restore,
    Space,
    Stored,
    Upload,
)

EXAMPLES: Final = 3
"""More are in `--json`."""

Line = tuple[str, Text | str | None]


def app(one: App) -> RenderableType:
    """An app."""
    return lines_of([("App", one.slug), ("Name", one.name), ("Id", str(one.app_id))])


def environment(one: Environment) -> RenderableType:
    """An environment: what it is, how it is reached, what the newest check found."""
    lines: list[Line] = [
        ("Environment", environment_name(one)),
        ("Id", str(one.environment_id)),
        ("Mode", one.mode),
        ("Region", f"{one.region}, cloud {one.cloud_version}"),
        ("App is", state(one.run_state)),
        ("Hook", None if one.hook is None else str(one.hook.url)),
        ("Its platform", _asked(one)),
        ("Model version", one.model_version),
        ("Its package", _package(one)),
        ("Its data needs", one.data_model_version),
        ("Publishes", ", ".join(one.app_services) or None),
        ("Database", f"{one.database.user}@{one.database.host}:{one.database.port}/{one.database.name}"),
        ("Files", one.files.path if one.files.kind == "directory" else f"s3://{one.files.bucket}/{one.files.prefix}"),
        ("References", "proven by a query" if one.documents_query else "unproven: no documents query"),
        ("Next nightly", _next(one)),
        ("Gap", f"no backup of Sunday {one.gap}" if one.gap else None),
        ("Sweep", _stopped(one)),
        ("Schedule", _stopped_schedule(one)),
        *_stored_backups(one.stored),
        ("Got back", f"{formats.size(one.reclaimed.bytes)} of deleted backups" if one.reclaimed.bytes else None),
    ]
    return Group(lines_of(lines), *([] if one.check is None else [check(one.check)]))


def _next(one: Environment) -> str | None:
    slot = one.next_slot
    return None if slot is None else f"{slot.due_local} ({formats.minute(slot.due_at)} UTC), for {slot.slot_date}"


def _asked(one: Environment) -> Text | None:
    if one.hook_call is not None:
        return Text(f"is being asked to {one.hook_call.action}")
    return None if one.hook_failure is None else Text(one.hook_failure, style="bold red")


def _package(one: Environment) -> str | None:
    size = None if one.package_bytes is None else formats.size(one.package_bytes)
    sha256 = None if one.package_sha256 is None else f"SHA-256 {one.package_sha256}"
    return ", ".join(filter(None, (size, sha256))) or None


def _stopped(one: Environment) -> Text | None:
    if one.stopped_sweep is None:
        return None
    due = f"stopped, {one.stopped_sweep.due_count} of {one.stopped_sweep.backup_count} backups would go at once"
    return Text(f"{due}: `nightkeep sweep approve {environment_name(one)}`", style="bold red")


def _stopped_schedule(one: Environment) -> Text | None:
    if one.stopped_schedule is None:
        return None
    overdue = f"stopped, {one.stopped_schedule.overdue_count} nightly runs are overdue"
    return Text(f"{overdue}: `nightkeep slot approve {environment_name(one)}`", style="bold red")


def _stored_backups(one: Stored | None) -> list[Line]:
    """What a check of the stored backups found, and what they take."""
    if one is None:
        return []
    verdict = f"{one.damage_count:,} damages: see `nightkeep alert list`" if one.damage_count else "sound"
    said = f"{verdict}, {formats.minute(one.checked_at)} UTC ({one.backups} backups, {one.read_percent} % read)"
    style = "bold red" if one.damage_count else ""
    return [("Stored backups", Text(said, style=style)), ("Space", space(one.space) if one.space else None)]


def space(one: Space) -> str:
    """What backups take."""
    logical, stored = formats.size(one.logical_bytes), formats.size(one.stored_bytes)
    shared, back = formats.size(one.shared_bytes), formats.size(one.reclaimable_bytes)
    return f"{logical} of backups in {stored}, {shared} of it shared, {back} reclaimable"


def check(one: Check) -> RenderableType:
    """What a look at an environment found."""
    said = Text("Check ").append(state(one.state))
    if one.checked_at is not None:
        said.append(f", {formats.instant(one.checked_at)} UTC")
    if one.server_version is not None:
        said.append(f", PostgreSQL {one.server_version}")
    return Group(said, *_findings(one.findings))


def preflight(one: Preflight) -> RenderableType:
    """What a look before a restore found."""
    said = Text("Preflight ").append(state(one.state))
    return Group(said, lines_of(facts(one.facts)), *_warnings(one.warnings), *_findings(one.findings))


def backup(one: Backup) -> RenderableType:
    """A backup's details (spec: product §8)."""
    lines: list[Line] = [
        ("Backup", str(one.backup_id)),
        ("Status", _status(one.state, "" if one.failure else one.status_message)),
        ("Created by", one.created_by),
        ("Date", f"{formats.instant(one.created_at)} UTC"),
        ("Expires on", None if one.expires_at is None else f"{formats.instant(one.expires_at)} UTC"),
        ("Kept as", ", ".join(one.tiers) or None),
        ("Policy", f"{one.policy}, version {one.policy_version}" if one.policy else None),
        ("Makes up for", f"Sunday {one.fills_gap}" if one.fills_gap else None),
        ("Pinned", (one.pinned_reason or "yes") if one.pinned else None),
        ("Held by", "\n".join(blocker.reason for blocker in one.held) or None),
        ("Leased", "\n".join(map(_lease, one.leases)) or None),
        ("Model version", one.model_version),
        ("Comment", one.comment or None),
        ("Environment", str(one.environment_id)),
        ("Restore point", None if one.restore_point is None else f"{formats.instant(one.restore_point)} UTC"),
        *_stored(one),
    ]
    return Group(lines_of(lines), *_failure(one.failure), *_warnings(one.warnings), *_steps(one.steps))


def _lease(one: Lease) -> str:
    return f"by {one.holder} until {formats.instant(one.until)} UTC ({one.lease_id})"


def _stored(one: Backup) -> Iterable[Line]:
    if one.database is not None:
        tables = f"{one.database.tables} tables, PostgreSQL {one.database.server_version}"
        yield "Database", f"{formats.size(one.database.bytes)}, {tables}"
        if one.database.snapshot_held_seconds:  # none, where the dump came from elsewhere
            yield "Snapshot held", f"{formats.span(one.database.snapshot_held_seconds)} on the app's database"
    if one.files is not None:
        new = f"{one.files.new_count:,} new, {formats.size(one.files.new_bytes)}"
        yield "Files", f"{one.files.count:,} documents, {formats.size(one.files.bytes)} ({new})"
    if one.references is not None:
        yield "References", f"{one.references}: {one.dangling_count} dangling, {one.orphan_count} orphans"
    if one.stored_bytes is not None:
        yield "Stored anew", formats.size(one.stored_bytes)


def restore(one: Restore) -> RenderableType:
    """A restore: how it went and whether it can be undone."""
    lines: list[Line] = [
        ("Restore", str(one.restore_id)),
        ("Status", _status(one.state, "" if one.failure else one.status_message)),
        ("Asked for by", one.requested_by),
        ("Date", f"{formats.instant(one.requested_at)} UTC"),
        ("Backup", str(one.backup_id)),
        ("Into", str(one.environment_id)),
        ("Brings", "the database only" if one.database_only else "database and files"),
        ("Switched", None if one.switched_at is None else f"{formats.instant(one.switched_at)} UTC"),
        ("Undo", _undo(one)),
        *_restored(one),
        ("Sessions ended", ", ".join(one.sessions_ended) or None),
    ]
    return Group(lines_of(lines), *_failure(one.failure), *_warnings(one.warnings), *_steps(one.steps))


def _undo(one: Restore) -> str | None:
    if one.undo_state == "none":
        return None
    if one.undo_state == "possible":
        return f"possible until {formats.instant(one.undo_until)} UTC"
    return one.undo_state


def _restored(one: Restore) -> Iterable[Line]:
    if one.database is not None:
        yield "Database", f"{formats.size(one.database.bytes)}, {one.database.tables} tables"
    if one.files is not None:
        changed = (
            f"{one.files.added_count:,} added, {one.files.replaced_count:,} replaced,"
            f" {one.files.set_aside_count:,} set aside"
        )
        yield "Files", f"{one.files.count:,} documents, {formats.size(one.files.bytes)} ({changed})"


def upload(one: Upload) -> RenderableType:
    """An upload: what it brought, and which backup is the way back."""
    lines: list[Line] = [
        ("Upload", str(one.upload_id)),
        ("Status", _status(one.state, "" if one.failure else one.status_message)),
        ("Asked for by", one.requested_by),
        ("Date", f"{formats.instant(one.requested_at)} UTC"),
        ("Into", str(one.environment_id)),
        ("Brings", f"{one.data_type.replace('_', ' ')}, {formats.size(one.size_bytes)} as sent"),
        ("Safety backup", str(one.safety_backup_id) if one.safety_backup_id else "none: it was refused"),
        ("Switched", None if one.switched_at is None else f"{formats.instant(one.switched_at)} UTC"),
        ("Needs model version", one.model_version),
        *_uploaded(one),
        ("Sessions ended", ", ".join(one.sessions_ended) or None),
    ]
    return Group(lines_of(lines), *_failure(one.failure), *_warnings(one.warnings), *_steps(one.steps))


def _uploaded(one: Upload) -> Iterable[Line]:
    if one.files is not None:
        empty = "empty: there was no dump"
        there = one.database
        yield "Database", f"{formats.size(there.bytes)}, {there.tables} tables" if there else empty
        yield "Files", f"{one.files.count:,} documents, {formats.size(one.files.bytes)}"


def dead_letter(one: DeadLetter) -> RenderableType:
    """A refused record whole, with its secrets blacked out."""
    lines: list[Line] = [
        ("Dead letter", one.dead_letter_id),
        ("Refused", f"{formats.instant(one.refused_at)} UTC by {one.refused_by}"),
        ("Code", one.code),
        ("Why", one.reason),
        ("Field", one.field),
        ("Came from", f"{one.topic}, partition {one.partition}, offset {one.offset}"),
        ("Message id", one.message_id),
        ("Type", one.message_type),
        ("Key", one.key),
        ("Data", one.value),
    ]
    return lines_of(lines)


def _status(value: str, message: str) -> Text:
    """The state in its colour, and the sentence for people where that says more."""
    if message.lower().startswith(value):
        return Text(message, style=STYLES.get(value, ""))
    said = state(value)
    return said.append(f": {message}", style="default") if message else said


def _failure(failure: Failure | None) -> Sequence[RenderableType]:
    if failure is None:
        return ()
    again = "trying again may help" if failure.retryable else "trying again as it is will not help"
    return (Text(f"{failure.code}: ", style="bold red").append(f"{failure.reason} ({again})", style="not bold"),)


def _warnings(warnings: Sequence[Warning]) -> Iterable[RenderableType]:
    for warning in warnings:
        yield Text(f"! {warning.message}{_counted(warning)}", style="yellow")


def _counted(warning: Warning) -> str:
    """How many there are, where more than one, and a few of them."""
    many = f" ({warning.count:,})" if warning.count > 1 else ""
    named = ", ".join(warning.examples[:EXAMPLES])
    more = ", …" if warning.count > len(warning.examples[:EXAMPLES]) else ""
    return f"{many}: {named}{more}" if named else many


def _findings(found: Sequence[Finding]) -> Sequence[RenderableType]:
    return (findings(found),) if found else ()


def _steps(steps: Sequence[StepTime]) -> Sequence[RenderableType]:
    if not steps:
        return ()
    return (table((Column("Step", firm=False), Column("Took", right=True)), map(_step, steps)),)


def _step(step: StepTime) -> tuple[str, str]:
    return step.step, formats.span(step.seconds)


def lines_of(found: Iterable[Line]) -> RenderableType:
    """Names and values below each other; what has no value is left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in found:
        if value is not None:
            grid.add_row(name, Text(value) if isinstance(value, str) else value)
    return Padding(grid, (0, 0, 1, 0))

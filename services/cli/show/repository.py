"""What is in a repository, as tables."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.recovery.checking import CheckedEnvironment, MeasuredEnvironment
from services.cli.recovery.inventory import KeptBackup
from services.cli.recovery.keys import WrappedKeys
from services.cli.recovery.rebuilding import RebuiltEnvironment
from services.cli.show import formats
from services.cli.show.tables import Column, named, table


def kept_backups(found: Iterable[KeptBackup]) -> Table:
    """Backups by environment; a manifest may come from anybody, so its words are made harmless."""
    columns = (
        Column("Created (UTC)"),
        Column("Database", right=True),
        Column("Documents", right=True),
        Column("Backup", firm=False),
    )
    return table(columns, map(_kept_backup, found))


def _kept_backup(one: KeptBackup) -> Sequence[str | Text]:
    if one.problem:
        return "", "", "", named(str(one.backup_id), f"{one.environment_id}\n").append(one.problem, style="bold red")
    said = ": ".join(text for text in (one.environment, one.comment) if text)
    return (
        named(formats.minute(one.created_at), formats.text(one.kind)),
        formats.size(one.database_bytes),
        f"{one.files_count:,}",
        named(str(one.backup_id), formats.printable(said)),
    )


def checks(checked: Sequence[CheckedEnvironment]) -> RenderableType:
    """What was looked at in each environment, and every damage."""
    return Group(*(part for one in checked for part in _check(one))) if checked else "no environments there"


def _check(one: CheckedEnvironment) -> Iterator[RenderableType]:
    read = f", {formats.size(one.bytes_read)} read ({one.read_percent} %, seed {one.seed})" if one.read_percent else ""
    count = one.damage_count
    verdict = f"{count:,} {'damage' if count == 1 else 'damages'}" if count else "sound"
    said = f"{one.environment_id}: {verdict}; {one.backups:,} backups, {one.packs:,} packs{read}"
    yield Text(said, style="bold red" if one.damage_count else "green")
    for damage in one.damages:
        what = f"backup {damage.backup_id}: " if damage.backup_id else ""
        yield Text(formats.printable(f"  {what}{damage.place}: {damage.reason}"))
    if one.damage_count > len(one.damages):
        yield Text(f"  and {one.damage_count - len(one.damages):,} more")


def spaces(found: Iterable[MeasuredEnvironment]) -> Table:
    """What the backups of each environment take."""
    amounts = ("backups", "restored", "stored", "shared", "reclaimable")
    columns = (Column("environment"), *(Column(name, right=True) for name in amounts))
    rows = (
        (
            str(one.environment_id),
            f"{one.backups:,}",
            formats.size(one.logical_bytes),
            formats.size(one.stored_bytes),
            formats.size(one.shared_bytes),
            formats.size(one.reclaimable_bytes),
        )
        for one in found
    )
    return table(columns, rows)


def rebuilt(found: Sequence[RebuiltEnvironment]) -> RenderableType:
    """What became of each environment's backups, and what is left for a person to do."""
    columns = (
        Column("environment", firm=False),
        *(
            Column(name, right=True)
            for name in ("in the bucket", "recovered", "pinned", "there already", "not recovered")
        ),
    )
    counted = table(columns, map(_rebuilt, found))
    return Group(counted, *(part for one in found for part in _to_do(one)))


def _rebuilt(one: RebuiltEnvironment) -> Sequence[str | Text]:
    counts = (one.backups, one.recovered, one.pinned, one.there_already, len(one.not_recovered))
    return named(str(one.environment_id), formats.printable(one.name or "")), *(f"{count:,}" for count in counts)


def _to_do(one: RebuiltEnvironment) -> Iterator[RenderableType]:
    if not one.registered:
        name = formats.printable(one.name or "")
        yield Text(f"{one.environment_id} ({name}) is not registered: do that, then this again", style="bold red")
        if one.app_id:
            yield Text(f"  nightkeep app register SLUG --id {one.app_id}")
        yield Text(f"  nightkeep env register SLUG --id {one.environment_id} --name … and where it is")
    if one.pinned:
        yield Text(f"{one.pinned:,} of {one.environment_id} are pinned, since their time was over: to let one expire,")
        yield Text("  nightkeep backup unpin BACKUP")
    for lost in one.not_recovered:
        yield Text(formats.printable(f"backup {lost.backup_id}: {lost.reason}"), style="bold red")


def wrapped_keys(found: Iterable[WrappedKeys]) -> Table:
    """Data keys by environment."""
    columns = (
        Column("environment"),
        Column("data keys", right=True),
        Column("destroyed", right=True),
        Column("master key"),
        Column("recovery key"),
    )
    return table(columns, map(_wrapped_key, found))


def _wrapped_key(one: WrappedKeys) -> Sequence[str]:
    opens = "" if not one.count else "opens them" if one.recoverable else "no"
    return str(one.environment_id), str(one.count), str(one.destroyed), ", ".join(one.master_ids), opens

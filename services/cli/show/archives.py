"""Archives, the downloadable forms of backups, as a table and one by one."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.tables import Column, named, state, table
from services.gateway.resources import Archive


def archives(found: Iterable[Archive]) -> Table:
    """The archives of one backup."""
    columns = (Column("Asked for (UTC)"), Column("State"), Column("Size", right=True), Column("Archive", firm=False))
    return table(columns, map(_archive, found))


def _archive(one: Archive) -> tuple[Text | str, ...]:
    holds = named(str(one.archive_id), _holds(one))
    return formats.minute(one.created_at), state(one.state), formats.size(one.size_bytes), holds


def archive(one: Archive) -> RenderableType:
    """An archive: what it holds, what became of it, and how long its link works; the link itself is in `--json`."""
    said = state(one.state)
    return lines_of([
        ("Archive", str(one.archive_id)),
        ("Status", said.append(f": {one.status_message}", style="default") if one.status_message else said),
        ("Asked for by", one.created_by),
        ("Date", f"{formats.instant(one.created_at)} UTC"),
        ("Backup", str(one.backup_id)),
        ("Holds", _holds(one)),
        ("File", one.file_name),
        ("Size", _size(one)),
        ("SHA-256", one.sha256),
        ("Link ends", None if one.link_ends_at is None else f"{formats.instant(one.link_ends_at)} UTC"),
    ])  # fmt: skip


def _holds(one: Archive) -> str:
    return one.data_type.replace("_", " ")


def _size(one: Archive) -> str | None:
    if one.size_bytes is not None:
        return formats.size(one.size_bytes)
    return None if one.estimated_bytes is None else f"about {formats.size(one.estimated_bytes)}"

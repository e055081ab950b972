"""How backups were made unreadable, and what that left."""

from rich.console import RenderableType

from services.cli.show import formats
from services.cli.show.details import Line, lines_of
from services.gateway.resources import Shredding, ShreddingRemains


def shredding(one: Shredding) -> RenderableType:
    """What is gone, what is left and until when, and what nobody here can reach."""
    asked = f"{one.requested_by}, {formats.instant(one.requested_at)} UTC"
    return lines_of([
        ("Shredding", _state(one)),
        ("Asked for by", asked),
        ("Unreadable", f"{one.backup_count:,} completed backups" if one.state == "completed" else None),
        ("Removed", _removed(one)),
        *(_left(one.left) if one.left else ()),
    ])  # fmt: skip


def _state(one: Shredding) -> str:
    if one.state == "failed":
        reason = one.failure.reason if one.failure else "its end is not known"
        return f"failed: {reason}. Some backups may be unreadable already: mend that, and shred them again"
    if one.state == "running":
        return "running"
    return f"{one.keys_destroyed:,} data keys destroyed, {formats.instant(one.shredded_at)} UTC"


def _removed(one: Shredding) -> str | None:
    if not one.first_format_objects:
        return None
    return f"{one.first_format_objects:,} contents of the first stored format, which was not encrypted"


def _left(left: ShreddingRemains) -> tuple[Line, ...]:
    packs = f"{left.packs:,} packs, {formats.size(left.bytes)}, which nothing opens"
    return (
        ("Left", f"{packs}: removed after {formats.minute(left.packs_until)} UTC, by sweeps"),
        ("", f"{left.tombstones:,} tombstones: removed after {formats.minute(left.tombstones_until)} UTC"),
        ("", "the log: who asked, what there was and when; see `nightkeep backup explain`"),
        ("Out of reach", "what was downloaded, restored or exported, and copies of the wrapped keys elsewhere"),
    )

"""What a preflight looked at, as lines for people; what nobody knows is left out, but for the room where it matters."""

from collections.abc import Sequence
from typing import Final

from contracts.facts import Facts
from services.cli.show import formats

UNKNOWN: Final = "nobody knows how much is free"


def facts(known: Facts) -> Sequence[tuple[str, str | None]]:
    """Names and values; a value is None where there is nothing to say."""
    sessions = known.open_sessions
    return (
        ("App is", known.run_state),
        ("Model version", _both(known.backup_model_version, known.model_version)),
        ("PostgreSQL", _both(known.backup_server_version, known.server_version)),
        ("Open sessions", None if sessions is None else f"{sessions:,}"),
        ("Backup", _backup(known)),
        ("Database needs", _room(known.database_needed_bytes, known.database_free_bytes)),
        ("Files need", _room(known.files_needed_bytes, known.files_free_bytes)),
    )


def _both(backup: str | None, destination: str | None) -> str | None:
    if backup is None and destination is None:
        return None
    return f"{formats.text(backup)} in the backup, {formats.text(destination)} at the destination"


def _backup(known: Facts) -> str | None:
    if known.backup_database_bytes is None:
        return None
    database, files = formats.size(known.backup_database_bytes), formats.size(known.backup_files_bytes)
    return f"{database} of database, {files} of files"


def _room(needed: int | None, free: int | None) -> str | None:
    if needed is None:
        return None
    return f"{formats.size(needed)}, {UNKNOWN if free is None else f'{formats.size(free)} are free'}"

"""Looks through stored backups, and names what is damaged in dumps by table: a stretch of bytes tells nobody much."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from services.platform.archives.dump.tables import tables_in
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository
from services.platform.repository.errors import RepositoryError, WrapDamagedError
from services.platform.repository.moving import Moved, Moves, unheard, unwatched
from services.platform.repository.report import Damage, Report

BACKUPS_LOOKED_AT: Final = 10
"""Each costs a read of its dump; a damaged base makes the dumps of many nights damaged in the same place."""
TABLES_TOLD: Final = 10


async def look_through(
    repository: EnvironmentRepository, *, read_percent: int, seed: int, moved: Moved = unwatched
) -> Report:
    """Check an environment's backups. What cannot even be opened (no key, another one) is a damage of all of it."""
    try:
        return await repository.check(read_percent=read_percent, seed=seed, moved=moved)
    except RepositoryError as error:
        report = Report()
        place = f"the wrapped key {error.key}" if isinstance(error, WrapDamagedError) else "the environment"
        report.add(Damage(None, place, error.reason))
        return report


async def name_tables(
    repository: EnvironmentRepository, report: Report, workshop: Workshop, moved: Moves = unheard
) -> None:
    """Say of the damages in dumps which tables they touch; those of the first few backups.

    `moved` hears of each content that was read for it.
    """
    by_backup: dict[UUID, list[Damage]] = defaultdict(list)
    for damage in report.damages:
        if damage.backup_id and damage.segment is not None:
            by_backup[damage.backup_id].append(damage)
    for backup_id, damages in list(by_backup.items())[:BACKUPS_LOOKED_AT]:
        tables = await _tables(repository, backup_id, damages, workshop, moved)
        named = {damage: replace(damage, place=f"{damage.place}: {tables}") for damage in damages}
        report.damages = [named.get(damage, damage) for damage in report.damages]


async def _tables(
    repository: EnvironmentRepository, backup_id: UUID, damages: Sequence[Damage], workshop: Workshop, moved: Moves
) -> str:
    segments = {damage.segment for damage in damages if damage.segment is not None}
    try:
        manifest = await repository.read_manifest(backup_id)
        tables = await tables_in(repository, manifest.database, segments, workshop, moved)
    except RepositoryError as error:
        return f"its tables are not known ({error.reason})"
    more = f" and {len(tables) - TABLES_TOLD} more" if len(tables) > TABLES_TOLD else ""
    return f"{', '.join(tables[:TABLES_TOLD]) or 'no table'}{more}"

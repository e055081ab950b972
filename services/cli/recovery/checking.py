"""Looks at every byte of a repository, or at some, and names what is damaged."""

from dataclasses import asdict
from uuid import UUID

from pydantic import BaseModel

from services.cli.recovery.place import Found
from services.platform.archives.damages import look_through, name_tables
from services.platform.archives.workshop import Workshop


class FoundDamage(BaseModel):
    """Something that a backup needs and cannot have."""

    backup_id: UUID | None
    place: str
    reason: str


class CheckedEnvironment(BaseModel):
    """What a check found in one environment; of many damages the first are named."""

    environment_id: UUID
    read_percent: int
    seed: int
    backups: int
    packs: int
    contents_read: int
    bytes_read: int
    damage_count: int
    damages: list[FoundDamage]


class MeasuredEnvironment(BaseModel):
    """What an environment's backups take, in bytes."""

    environment_id: UUID
    backups: int
    logical_bytes: int
    stored_bytes: int
    shared_bytes: int
    reclaimable_bytes: int


async def measure_environment(found: Found, environment_id: UUID) -> MeasuredEnvironment:
    """Add up one environment. Raises RepositoryError where a manifest or list cannot be read."""
    space = await found.repository.of(environment_id).space()
    return MeasuredEnvironment(environment_id=environment_id, **asdict(space))


async def check_environment(found: Found, environment_id: UUID, read_percent: int, seed: int) -> CheckedEnvironment:
    """Check one environment, and name what is damaged."""
    repository = found.repository.of(environment_id)
    report = await look_through(repository, read_percent=read_percent, seed=seed)
    with Workshop.open() as workshop:
        await name_tables(repository, report, workshop)
    return CheckedEnvironment(
        environment_id=environment_id,
        read_percent=read_percent,
        seed=seed,
        backups=report.backups,
        packs=report.packs,
        contents_read=report.contents_read,
        bytes_read=report.bytes_read,
        damage_count=report.damage_count,
        damages=[FoundDamage(backup_id=one.backup_id, place=one.place, reason=one.reason) for one in report.damages],
    )

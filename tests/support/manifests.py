"""A manifest as it may be, for tests that need one."""

from datetime import UTC, date, datetime
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.backups import BackupKind, References, Tier, WindowEnd
from contracts.manifest import (
    BackupEntry,
    Burial,
    DatabasePart,
    EnvironmentEntry,
    FilesPart,
    Lines,
    Manifest,
    Tombstone,
)
from contracts.values import CloudVersion, Finding, Mode, Region, Severity, StepTime, Warning  # noqa: A004 -- the product's word

APP_ID = UUID("0b7e8c1a-52a4-4c57-8f0e-0e2f6f3d7a10")
ENVIRONMENT_ID = UUID("5c0f2a44-7f0e-4a53-9d53-3b1d5b1f9e21")
BACKUP_ID = UUID("9e107d9d-372b-4b68-8186-1a2b3c4d5e6f")
PREVIOUS_ID = UUID("1f3870be-274f-4c49-b3e3-1a0c6728957f")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = tuple(digit * 64 for digit in "abc")


def backup_entry(backup_id: UUID = BACKUP_ID, environment_id: UUID = ENVIRONMENT_ID) -> BackupEntry:
    return BackupEntry(
        backup_id=backup_id,
        environment_id=environment_id,
        app_id=APP_ID,
        kind=BackupKind.ON_DEMAND,
        created_at=NOON,
        created_by="Mia Müller",
        comment="before the migration — größer",
        model_version="2.4.1",
        slot_date=date(2026, 11, 22),
        calendar_offset="+01:00",
        tiers=(Tier.DAILY, Tier.WEEKLY),
        expires_at=datetime(2027, 2, 22, 12, 0, tzinfo=UTC),
        policy="standard",
        policy_version=1,
        rule_version=1,
        windows=(
            WindowEnd(window="daily", ends_at=datetime(2026, 12, 6, 12, 0, tzinfo=UTC)),
            WindowEnd(window="weekly", ends_at=datetime(2027, 2, 22, 12, 0, tzinfo=UTC)),
        ),
        slot=None,
        fills_gap=date(2026, 11, 15),
    )


def manifest(
    backup_id: UUID = BACKUP_ID, environment_id: UUID = ENVIRONMENT_ID, key_id: str = "0123456789abcdef"
) -> Manifest:
    return Manifest(
        key_id=key_id,
        backup=backup_entry(backup_id, environment_id),
        environment=EnvironmentEntry(
            name="Production", mode=Mode.PRODUCTION, region=Region.EUROPE, cloud_version=CloudVersion.V4
        ),
        started_at=NOON,
        finished_at=NOON,
        restore_point=NOON,
        database=_database(),
        files=_files(),
        references=References.PROVEN,
        dangling_count=1,
        orphan_count=1,
        warnings=(Warning(code="DANGLING_REFERENCES", message="1 document is missing", examples=(str(PREVIOUS_ID),)),),
        steps=(StepTime(step="dump the database and store the documents", seconds=12.5),),
        previous_backup_id=PREVIOUS_ID,
    )


def _database() -> DatabasePart:
    return DatabasePart(
        contents=NAMES[:2],
        hash=NAMES[2],
        bytes=20_000_000,
        server_version="18.6",
        tables=24,
        stored_bytes=5_000_000,
        snapshot_held_seconds=3.25,
        findings=(Finding(code="SUBSCRIPTION", severity=Severity.WARNING, message="a subscription is not restored"),),
    )


def _files() -> FilesPart:
    return FilesPart(
        kind="directory",
        count=2,
        bytes=300,
        new_count=1,
        new_bytes=100,
        stored_bytes=90,
        listing=Lines(contents=NAMES[:1], hash=NAMES[0], bytes=500, count=2),
        dangling=Lines(contents=NAMES[1:2], hash=NAMES[1], bytes=80, count=1),
    )


def tombstone(
    backup_id: UUID = BACKUP_ID, environment_id: UUID = ENVIRONMENT_ID, why: Burial = Burial.FAILED
) -> Tombstone:
    return Tombstone(
        backup_id=backup_id,
        environment_id=environment_id,
        buried_at=NOON,
        why=why,
        code=FailureCode.DATABASE_UNREACHABLE,
        reason="connection refused",
    )

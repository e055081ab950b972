"""What a backup says about itself, and about how far it is."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from contracts.events.backups import BackupKind, BackupRequested, Tier
from contracts.manifest import BackupEntry, Burial
from contracts.values import Finding, Severity
from services.platform.jobs.reporting import progressed
from services.platform.jobs.run import ProgressNote
from services.snapshot.domain.endings import buried, completed, failed
from services.snapshot.domain.sightings import EXAMPLES, Sightings
from services.snapshot.domain.warnings import Met, warnings_of
from services.snapshot.reading import Budget
from tests.support.eventually import eventually
from tests.support.manifests import manifest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Run:
    """As much of a job's run as a report looks at."""

    kind: str
    job_id: UUID
    environment_id: UUID


def note(**numbers: Any) -> ProgressNote:  # noqa: ANN401 -- fields of ProgressNote
    return ProgressNote(2, 4, "dump the database", **numbers)


def test_a_quiet_backup_has_no_warnings() -> None:
    assert warnings_of(Met(), ()) == ()


def test_a_warning_counts_all_and_names_a_few() -> None:
    met = Met()
    for number in range(EXAMPLES + 5):
        met.strays.add(f"stray {number}")
    [warning] = warnings_of(met, ())
    assert (warning.code, warning.count, len(warning.examples)) == ("STRAY_FILES", EXAMPLES + 5, EXAMPLES)


def test_what_a_restore_cannot_bring_back_is_a_warning_of_every_backup() -> None:
    lost = Finding(code="SUBSCRIPTION", severity=Severity.WARNING, message="is not restored", subject="news")
    told = Finding(code="NOTED", severity=Severity.INFO, message="all is well")
    [warning] = warnings_of(Met(), (lost, told))
    assert (warning.code, warning.examples) == ("SUBSCRIPTION", ("news",))


def test_every_kind_of_warning_has_a_code_of_its_own() -> None:
    one = Sightings(1, ["x"])
    met = Met(one, one, one, one, one, one, one, previous_unreadable="gone", earlier_dump_unreadable="gone")
    codes = [warning.code for warning in warnings_of(met, ())]
    assert len(codes) == len(set(codes)) == 9


def test_a_completed_backup_is_told_in_the_words_of_its_manifest() -> None:
    written = manifest()
    event = completed(written, "key", "hash")
    assert (event.manifest_key, event.manifest_hash) == ("key", "hash")
    assert event.stored_bytes == written.database.stored_bytes + written.files.stored_bytes
    assert (event.warnings, event.steps) == (written.warnings, written.steps)


@pytest.mark.parametrize(
    ("code", "why"), [(FailureCode.CANCELLED, Burial.CANCELLED), (FailureCode.DUMP_FAILED, Burial.FAILED)]
)
def test_a_tombstone_says_why_and_the_event_repeats_it(code: FailureCode, why: Burial) -> None:
    tombstone = buried(uuid4(), uuid4(), NOON, code, "the reason")
    assert tombstone.why is why
    event = failed(tombstone, retryable=True)
    assert (event.code, event.reason, event.finished_at, event.retryable) == (code, "the reason", NOON, True)


def test_an_entry_keeps_what_its_format_knows_of_what_was_requested() -> None:
    requested = BackupRequested(
        backup_id=uuid4(),
        environment_id=uuid4(),
        app_id=uuid4(),
        kind=BackupKind.NIGHTLY,
        created_at=NOON,
        created_by="Nightly",
        comment="",
        model_version=None,
        slot_date=NOON.date(),
        calendar_offset="+01:00",
        tiers=(Tier.DAILY,),
        expires_at=NOON,
        policy="standard",
        policy_version=1,
    )
    kept = requested.model_dump(include=set(BackupEntry.model_fields))
    assert BackupEntry.of(requested).model_dump() == kept


def test_progress_has_a_rate_and_the_time_that_is_left() -> None:
    run: Any = Run("backup", uuid4(), uuid4())
    told = progressed(run, note(bytes_done=200, bytes_total=1000, documents_done=3, documents_total=9), 4.0)
    assert (told.bytes_per_second, told.seconds_left) == (50.0, 16.0)
    assert (told.entity, told.entity_id, told.step, told.steps) == ("backup", run.job_id, 2, 4)


def test_without_bytes_nothing_is_guessed() -> None:
    run: Any = Run("check", uuid4(), uuid4())
    told = progressed(run, note(), 0.0)
    assert (told.bytes_per_second, told.seconds_left) == (None, None)


async def test_memory_is_lent_up_to_its_limit_and_a_giant_gets_all_of_it() -> None:
    budget = Budget(100)
    lent: list[int] = []

    async def take(size_bytes: int, until: asyncio.Event) -> None:
        async with budget.lent(size_bytes):
            lent.append(size_bytes)
            await until.wait()

    async def has(*sizes: int) -> bool:
        return lent == list(sizes)

    small, giant = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(take(60, small))
        await eventually(lambda: has(60))
        tasks.create_task(take(1000, giant))
        tasks.create_task(take(40, small))
        await eventually(lambda: has(60, 40))
        small.set()
        await eventually(lambda: has(60, 40, 1000))
        giant.set()

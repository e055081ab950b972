"""The steps of a restore, its undo and its removal that are about documents; the work itself is in `documents`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

from contracts.events.restores import FilesRestored
from contracts.values import Warning  # noqa: A004 -- the product's word
from services.platform.connectors.files.pacing import Progress, unwatched
from services.platform.jobs import JobRun
from services.platform.repository import EnvironmentRepository
from services.restore.documents import Difference, RestoreDocuments
from services.restore.documents.kept_list import kept_difference
from services.restore.work.attempt import Attempt, Named
from services.restore.work.destination import Destination
from services.restore.work.side_by_side import Shared

ADD: Final = "add documents that are absent"
STAGE: Final = "stage documents that differ"


def listing(attempt: Attempt) -> Sequence[Named]:
    """What comes before step 4 of the specification."""
    if attempt.wish.database_only:
        return ()
    return (Named("fix the list of what changes among the documents", DocumentSteps(attempt).fix_list),)


def writing(attempt: Attempt, shared: Shared) -> Sequence[Named]:
    """Step 4 of the specification: nothing that is live is changed, only something added."""
    if attempt.wish.database_only:
        return ()
    steps = DocumentSteps(attempt)
    return (
        Named(ADD, partial(steps.add_absent, shared.of(ADD))),
        Named(STAGE, partial(steps.stage_differing, shared.of(STAGE))),
    )


def exchanging(attempt: Attempt) -> Sequence[Named]:
    """Step 6 of the specification."""
    if attempt.wish.database_only:
        return ()
    steps = DocumentSteps(attempt)
    return (Named("set documents aside and put the staged ones in place", steps.exchange, once_switched=True),)


class DocumentSteps:
    """What these steps do."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    async def fix_list(self) -> None:
        """Fixed before the switch, and before anything is added: an undo has to know what the restore added."""
        attempt = self._attempt
        async with self._opened() as documents:
            difference = await documents.fix_list(attempt.stored.listing)
        attempt.memo.files = _restored(difference)
        attempt.memo.bytes_to_move = attempt.stored.dump_bytes + difference.new_bytes
        attempt.memo.warn(_strays(difference))

    async def add_absent(self, progress: Progress) -> None:
        """Under their final names: harmless to the old state."""
        async with self._opened(progress) as documents:
            await documents.add_absent()

    async def stage_differing(self, progress: Progress) -> None:
        """In the restore's own area."""
        async with self._opened(progress) as documents:
            await documents.stage_differing()

    async def exchange(self) -> None:
        """After the switch; may run again."""
        async with self._opened() as documents:
            await documents.set_aside_and_place()

    def _opened(self, progress: Progress | None = None) -> AbstractAsyncContextManager[RestoreDocuments]:
        attempt = self._attempt
        repository = attempt.workplace.repository.of(attempt.wish.source_environment_id)
        return opened(attempt.destination, repository, attempt.wish.work_id, progress or attempt.run.progress)


@asynccontextmanager
async def opened(
    destination: Destination, repository: EnvironmentRepository, restore_id: UUID, progress: Progress = unwatched
) -> AsyncIterator[RestoreDocuments]:
    """The documents of one restore, as long as the block lasts."""
    async with destination.documents() as store:
        yield RestoreDocuments(store, repository, restore_id, destination.workplace.scratch, progress)


async def put_documents_back(attempt: Attempt) -> None:
    """Take out what a restore added that was never switched to."""
    if attempt.wish.database_only:
        return
    repository = attempt.workplace.repository.of(attempt.wish.source_environment_id)
    async with opened(attempt.destination, repository, attempt.wish.work_id) as documents:
        await documents.withdraw()


async def can_bring_back(destination: Destination, restore_id: UUID) -> bool:
    """Whether it is still known what the restore did to the documents."""
    async with destination.documents() as store:
        return await kept_difference(store, restore_id, destination.workplace.scratch) is not None


async def bring_back(destination: Destination, environment_id: UUID, restore_id: UUID, run: JobRun) -> int:
    """What was set aside comes back; how many documents the app has added since, which stay."""
    repository = destination.workplace.repository.of(environment_id)
    async with opened(destination, repository, restore_id, run.progress) as documents:
        return (await documents.bring_back()).orphan_count


async def remove_area(destination: Destination, environment_id: UUID, restore_id: UUID) -> int:
    """Remove what was set aside; how many documents that were."""
    repository = destination.workplace.repository.of(environment_id)
    async with opened(destination, repository, restore_id) as documents:
        return await documents.remove_area()


def _restored(difference: Difference) -> FilesRestored:
    return FilesRestored(
        count=difference.count,
        bytes=difference.bytes,
        added_count=difference.added_count,
        replaced_count=difference.replaced_count,
        set_aside_count=difference.set_aside_count,
    )


def _strays(difference: Difference) -> tuple[Warning, ...]:
    if not difference.strays_count:
        return ()
    return (
        Warning(
            code="STRAYS",
            message="below the documents' root are things that are no documents; they were left alone",
            count=difference.strays_count,
            examples=difference.strays,
        ),
    )

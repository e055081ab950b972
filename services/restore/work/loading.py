"""The steps that bring the dump into a new database beside the live one."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.files.pacing import Progress
from services.restore.work.attempt import Attempt, Named

LOAD: Final = "load the dump"


def preparing(attempt: Attempt) -> Sequence[Named]:
    """Step 2 of the specification, and what the rest of the dump lives in."""
    steps = Loading(attempt)
    return (
        Named("make a database beside the live one", steps.create),
        Named("make schemas and extensions", steps.create_extensions),
    )


def loading(attempt: Attempt, progress: Progress) -> Named:
    """The dump itself."""
    return Named(LOAD, partial(Loading(attempt).load, progress))


def completing(attempt: Attempt) -> Sequence[Named]:
    """The rest of step 3."""
    steps = Loading(attempt)
    return (
        Named("apply policies and grants", steps.apply_in_roles),
        Named("create publications", steps.create_publications),
        Named("create event triggers", steps.create_event_triggers),
        Named("gather statistics", steps.analyze),
    )


class Loading:
    """What these steps do; nothing of it touches the live database."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    async def create(self) -> None:
        """An empty database, after those of earlier attempts are gone."""
        await self._attempt.target.drop_attempts()
        await self._attempt.target.create()

    async def create_extensions(self) -> None:
        """Schemas first: extensions live in them."""
        await self._attempt.target.create_extensions(self._attempt.archive)

    async def load(self, progress: Progress) -> None:
        """Everything that the environment's role may load."""
        attempt = self._attempt
        total = attempt.backup.manifest.database.bytes

        async def told(bytes_done: int) -> None:
            await progress(bytes_done=bytes_done, bytes_total=total)

        attempt.memo.database_bytes = await attempt.target.load(
            attempt.archive, attempt.backup.open_dump(), told=told, moved=attempt.run.moved
        )

    async def apply_in_roles(self) -> None:
        """Where the roles exist; the rest is named."""
        await self._attempt.target.apply_in_roles(self._attempt.archive)

    async def create_publications(self) -> None:
        """By the provisioner where the role may not; subscriptions never."""
        await self._attempt.target.create_by_either(Kind.PUBLICATION, self._attempt.archive)

    async def create_event_triggers(self) -> None:
        """Last of all that the dump holds: they would fire at the rest. Then everything that was left is known."""
        attempt = self._attempt
        await attempt.target.create_by_either(Kind.EVENT_TRIGGER, attempt.archive)
        attempt.target.note_never_restored(attempt.archive)
        attempt.memo.warn(attempt.target.left.warnings())

    async def analyze(self) -> None:
        """A dump brings no statistics."""
        await self._attempt.target.analyze(self._attempt.run.moved)

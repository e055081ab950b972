"""The steps that bring the dump into a new database beside the live one."""

from collections.abc import Sequence
from typing import Final

from services.platform.connectors.database.loading.contents import Kind
from services.restore.work.attempt import Attempt, Named

LOAD: Final = "load the dump"


def loading(attempt: Attempt) -> Sequence[Named]:
    """Steps 2 and 3 of the specification."""
    steps = Loading(attempt)
    return (
        Named("make a database beside the live one", steps.create),
        Named("make schemas and extensions", steps.create_extensions),
        Named(LOAD, steps.load),
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

    async def load(self) -> None:
        """Everything that the environment's role may load."""
        attempt = self._attempt
        attempt.memo.database_bytes = await attempt.target.load(
            attempt.archive, attempt.backup.open_dump(), told=self._told, moved=attempt.run.moved
        )

    async def _told(self, bytes_done: int) -> None:
        total = self._attempt.backup.manifest.database.bytes
        await self._attempt.run.progress(bytes_done=bytes_done, bytes_total=total)

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

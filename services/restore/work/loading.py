"""The steps that bring the dump into a new database beside the live one."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from services.platform.connectors.database.errors import MissingRightsError
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.files.pacing import Progress
from services.restore.domain.rights import more_rights
from services.restore.work.attempt import Attempt, Named
from services.restore.work.overreach import changing_nothing_else, note_outside

LOAD: Final = "load the dump"


def creating(attempt: Attempt) -> Named:
    """Step 2 of the specification."""
    return Named("make a database beside the live one", Loading(attempt).create)


def preparing(attempt: Attempt) -> Sequence[Named]:
    """Step 2, and what the rest of the dump lives in."""
    return (
        creating(attempt),
        Named("note what a sent dump may not change", partial(note_outside, attempt)),
        Named("make schemas and extensions", Loading(attempt).create_extensions),
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
        """Schemas first: extensions live in them. Raises MissingRightsError as `create_event_triggers`."""
        attempt = self._attempt
        await attempt.target.create_extensions(attempt.archive, foreign=attempt.stored.foreign)
        self._refuse_more_rights()

    async def load(self, progress: Progress) -> None:
        """Everything that the environment's role may load."""
        attempt = self._attempt
        total = attempt.stored.dump_bytes

        async def told(bytes_done: int) -> None:
            await progress(bytes_done=bytes_done, bytes_total=total)

        async with changing_nothing_else(attempt):
            attempt.memo.database_bytes = await attempt.target.load(
                attempt.archive, attempt.stored.open_dump(), told=told, moved=attempt.run.moved
            )

    async def apply_in_roles(self) -> None:
        """Where the roles exist; the rest is named."""
        await self._attempt.target.apply_in_roles(self._attempt.archive)

    async def create_publications(self) -> None:
        """By the provisioner where the role may not; subscriptions never."""
        await self._create(Kind.PUBLICATION)

    async def create_event_triggers(self) -> None:
        """Last of all that the dump holds: they would fire at the rest. Then everything that was left is known.

        Raises MissingRightsError where a dump that somebody wrote needs somebody who may more.
        """
        attempt = self._attempt
        await self._create(Kind.EVENT_TRIGGER)
        self._refuse_more_rights()
        attempt.target.note_never_restored(attempt.archive)
        attempt.memo.warn(attempt.target.left.warnings())

    def _refuse_more_rights(self) -> None:
        if self._attempt.stored.foreign and (needed := more_rights(self._attempt.target.left.warnings())):
            raise MissingRightsError(needed)

    async def _create(self, kind: Kind) -> None:
        attempt = self._attempt
        create = attempt.target.create_by_role if attempt.stored.foreign else attempt.target.create_by_either
        await create(kind, attempt.archive)

    async def analyze(self) -> None:
        """A dump brings no statistics; indexes on expressions run functions for them."""
        async with changing_nothing_else(self._attempt):
            await self._attempt.target.analyze(self._attempt.run.moved)

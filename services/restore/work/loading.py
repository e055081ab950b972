"""The steps that bring the dump into a new database beside the live one."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from services.platform.connectors.database.errors import MissingRightsError
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.files.pacing import Progress
from services.restore.domain.rights import more_rights
from services.restore.work.attempt import Attempt, Named

LOAD: Final = "load the dump"


def creating(attempt: Attempt) -> Named:
    """Step 2 of the specification."""
    return Named("make a database beside the live one", Loading(attempt).create)


def preparing(attempt: Attempt) -> Sequence[Named]:
    """Step 2, and what the rest of the dump lives in."""
    return creating(attempt), Named("make schemas and extensions", Loading(attempt).create_extensions)


def loading(attempt: Attempt, progress: Progress) -> Named:
    """The dump itself."""
    return Named(LOAD, partial(Loading(attempt).load, progress))


def completing(attempt: Attempt) -> Sequence[Named]:
    """The rest of step 3."""
    steps = Loading(attempt)
    return (
        _policies(steps),
        Named("create publications", steps.create_publications),
        Named("create event triggers", steps.create_event_triggers),
        _statistics(steps),
    )


def completing_by_own_rights(attempt: Attempt) -> Sequence[Named]:
    """The rest of step 3 for a dump that somebody wrote: nobody but the environment's role runs what it says."""
    steps = Loading(attempt)
    return (
        _policies(steps),
        Named("create publications and event triggers by the role's own rights", steps.create_by_own_rights),
        _statistics(steps),
    )


def _policies(steps: "Loading") -> Named:
    return Named("apply policies and grants", steps.apply_in_roles)


def _statistics(steps: "Loading") -> Named:
    return Named("gather statistics", steps.analyze)


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
        total = attempt.stored.dump_bytes

        async def told(bytes_done: int) -> None:
            await progress(bytes_done=bytes_done, bytes_total=total)

        attempt.memo.database_bytes = await attempt.target.load(
            attempt.archive, attempt.stored.open_dump(), told=told, moved=attempt.run.moved
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
        self._warn_of_left()

    async def create_by_own_rights(self) -> None:
        """What the role may not is named, and ends the work. Raises MissingRightsError."""
        attempt = self._attempt
        for kind in (Kind.PUBLICATION, Kind.EVENT_TRIGGER):
            await attempt.target.create_by_role(kind, attempt.archive)
        if needed := more_rights(attempt.target.left.warnings()):
            raise MissingRightsError(needed)
        self._warn_of_left()

    def _warn_of_left(self) -> None:
        attempt = self._attempt
        attempt.target.note_never_restored(attempt.archive)
        attempt.memo.warn(attempt.target.left.warnings())

    async def analyze(self) -> None:
        """A dump brings no statistics."""
        await self._attempt.target.analyze(self._attempt.run.moved)

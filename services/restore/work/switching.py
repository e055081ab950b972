"""The steps around the switch: after it, the restore is completed whatever happens."""

from collections.abc import Sequence

from contracts.values import Warning  # noqa: A004 -- the product's word
from services.restore.work.attempt import Attempt, Named

EXAMPLES = 5


def switching(attempt: Attempt) -> Sequence[Named]:
    """Step 5 of the specification. The last of them may run again after the switch, too."""
    steps = Switching(attempt)
    return (
        Named("refuse to be cancelled from here on", steps.refuse_cancel),
        Named("refuse connections and end sessions", steps.close),
        Named("switch the databases", steps.switch),
        Named("allow connections", steps.allow_connections, once_switched=True),
    )


class Switching:
    """What these steps do."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    async def refuse_cancel(self) -> None:
        """Remembered before anything is closed, so that whoever comes next knows that it may have to open it again."""
        await self._attempt.run.refuse_cancel()
        self._attempt.memo.closing = True

    async def close(self) -> None:
        """Committed by itself: an uncommitted refusal is invisible, and pools reconnect."""
        self._attempt.memo.sessions_ended = await self._attempt.target.close()

    async def switch(self) -> None:
        """In one transaction there, inside one here that refuses an old epoch."""
        attempt = self._attempt
        async with attempt.run.transaction():
            not_copied = await attempt.target.switch()
        attempt.see_switched()
        if not_copied:
            attempt.memo.warn((_not_copied(not_copied),))

    async def allow_connections(self) -> None:
        """May run again, and does, after every takeover."""
        await self._attempt.target.allow_connections()


def _not_copied(what: tuple[str, ...]) -> Warning:
    return Warning(
        code="SETTING_NOT_COPIED",
        message="the provisioner may not set what the database had before: set it again by hand",
        count=len(what),
        examples=what[:EXAMPLES],
    )

"""What a sent dump does to the server besides being loaded: it is put back, and the dump refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.platform.connectors.database import DatabaseAccess
from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.connectors.database.loading.outside import Outside
from services.platform.process.errors import NightkeepError
from services.restore.work.attempt import Attempt


async def note_outside(attempt: Attempt) -> None:
    """How it is before anything of a sent dump runs: the first attempt's look stands."""
    if attempt.stored.foreign and attempt.memo.outside is None:
        attempt.memo.outside = (await attempt.target.outside()).model_dump(mode="json")


@asynccontextmanager
async def changing_nothing_else(attempt: Attempt) -> AsyncIterator[None]:
    """What a sent dump changes besides, as long as this lasts, is put back. Raises UnsupportedContentError then."""
    before = _outside(attempt)
    if before is None:
        yield
        return
    async with attempt.target.own_session() as own:
        failed: NightkeepError | None = None
        try:
            yield
        except NightkeepError as error:
            failed = error
        changed = await attempt.target.put_back_outside(before, own, _access_now(attempt))
        if changed:
            raise UnsupportedContentError(
                f"while the dump was loaded, {', '.join(changed)} changed, as a function of the dump may do; it was "
                "put back. Send a dump without such a function; if it was somebody else, change it and upload again"
            ) from failed
        if failed is not None:
            raise failed


async def put_back_outside(attempt: Attempt) -> None:
    """The same of an earlier attempt that broke off; from the closing on nothing of the dump runs any more."""
    before = _outside(attempt)
    if before is not None and not attempt.memo.closing:
        await attempt.target.put_back_outside(before, None, _access_now(attempt))


def _outside(attempt: Attempt) -> Outside | None:
    noted = attempt.memo.outside
    return None if noted is None else Outside.model_validate(noted)


def _access_now(attempt: Attempt) -> DatabaseAccess:
    """With the passwords as they are kept at this moment: one that was changed on purpose stays."""
    return DatabaseAccess.of(attempt.destination.places.database, attempt.workplace.secrets)

"""What an event does to the read model."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.envelope import Event, Message
from contracts.errors import FailureCode
from contracts.registry import BODIES
from contracts.states import ForbiddenMoveError
from services.catalog.projection.page import Page
from services.platform.database import Connection
from services.platform.messaging.intake import Reaction
from services.platform.process.errors import PermanentError

_EVENTS: Final = tuple(body for body in BODIES.values() if issubclass(body, Event))


def reactions(page: Page) -> Mapping[type[Event], Reaction]:
    """The reaction to every event that there is, since the audit shows each: all note it on `page`."""

    async def note(_c: Connection, message: Message[Any]) -> None:
        try:
            await page.note(message)
        except ForbiddenMoveError as error:
            raise PermanentError(str(error), code=FailureCode.INTERNAL) from error

    return dict.fromkeys(_EVENTS, note)

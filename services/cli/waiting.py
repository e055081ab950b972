"""Waits until a job has ended, over an event stream that may break and be taken up again."""

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from httpx_sse import ServerSentEvent

from services.cli.errors import NotKnownYetError, UnreachableError
from services.cli.transport import Transport

SILENCE_SECONDS: Final = 20.0
"""The gateway tells the state at least every five seconds; a stream that is silent for so long is dead."""
AWAY_SECONDS: Final = 60.0
"""A gateway that is started again is back before this; a job does not stop for it."""
POLL_SECONDS: Final = 0.3

T = TypeVar("T")


class Deadline:
    """An end of waiting; none when no seconds are given."""

    def __init__(self, what: str, seconds: float | None) -> None:
        self._what = what
        self._until = None if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raises NotKnownYetError when the time is over."""
        if self._until is not None and time.monotonic() > self._until:
            raise NotKnownYetError(f"{self._what} has not ended yet; it goes on, look again later")

    def bounded(self, seconds: float) -> float:
        """`seconds`, or what is left where that is less; never quite nothing."""
        return seconds if self._until is None else max(0.1, min(seconds, self._until - time.monotonic()))


class Absence:
    """How long the gateway has been away; short absences are borne."""

    def __init__(self) -> None:
        self._since: float | None = None

    def ended(self) -> None:
        """It answered."""
        self._since = None

    def goes_on(self, error: UnreachableError) -> None:
        """It did not answer: wait a little. Raises `error` when that lasts too long."""
        self._since = self._since or time.monotonic()
        if time.monotonic() - self._since > AWAY_SECONDS:
            raise error
        time.sleep(POLL_SECONDS)


def follow(transport: Transport, path: str, deadline: Deadline) -> Iterator[ServerSentEvent]:
    """The events of a job up to and with its `end`, taken up again after an interruption.

    Raises NotKnownYetError at the deadline and UnreachableError when the gateway stays away.
    """
    absence = Absence()
    while True:
        deadline.check()
        try:
            for event in _stream(transport, path, deadline):
                absence.ended()
                yield event
                if event.event == "end":
                    return
                deadline.check()
        except UnreachableError as error:
            absence.goes_on(error)


def poll(look: Callable[[], T], ended: Callable[[T], bool], deadline: Deadline) -> T:
    """What `look` returns once `ended` is true of it.

    Raises NotKnownYetError at the deadline and UnreachableError when the gateway stays away.
    """
    absence = Absence()
    while True:
        try:
            seen = look()
            absence.ended()
            if ended(seen):
                return seen
            deadline.check()
            time.sleep(POLL_SECONDS)
        except UnreachableError as error:
            absence.goes_on(error)


def _stream(transport: Transport, path: str, deadline: Deadline) -> Iterator[ServerSentEvent]:
    with transport.events(path, silence_seconds=deadline.bounded(SILENCE_SECONDS)) as events:
        yield from events

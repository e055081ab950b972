"""Lists of documents as JSON lines: cut from a stream, checked, a batch at a time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final, TypeVar

from pydantic import ValidationError

from contracts.errors import FailureCode
from contracts.values import Value
from services.platform.process.errors import PermanentError

V = TypeVar("V", bound=Value)

LINES: Final = 1000
"""Of a batch; checking it takes a few milliseconds."""


class ListUnreadableError(PermanentError):
    """A list of documents is not what it should be: damaged, or of a newer release."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.BACKUP_UNREADABLE)


async def parsed(pieces: AsyncIterator[bytes], kind: type[V]) -> AsyncGenerator[Sequence[V], None]:
    """The lines of a stream in batches, each as `kind`. Raises ListUnreadableError."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for at in range(0, len(lines), LINES):
            yield await asyncio.to_thread(_as, kind, lines[at : at + LINES])
    if rest:
        yield await asyncio.to_thread(_as, kind, [rest])


def _as(kind: type[V], lines: Sequence[bytes]) -> Sequence[V]:
    try:
        return [kind.model_validate_json(line) for line in lines]
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise ListUnreadableError(f"a list of documents cannot be read: {problem['loc']}: {problem['msg']}") from error

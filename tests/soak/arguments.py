"""What anybody on the machine sees of processes while they live: their arguments, looked at again and again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import PurePath
from typing import Final

from tests.history.collecting import arguments

LOOKS_SECONDS: Final = 0.1
"""A dump of a few rows is over in less than that at times: who wants to see one does it again."""


class Arguments:
    """Every command line that was seen, each once."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            self._seen |= dict.fromkeys(await asyncio.to_thread(arguments))
            await asyncio.sleep(LOOKS_SECONDS)

    def texts(self) -> dict[str, str]:
        """For the witness: by the program and a number."""
        return {f"arguments of {_program(line)} ({number})": line for number, line in enumerate(self._seen, 1)}

    def count(self, program: str) -> int:
        """How many command lines there were of a tool that a platform started, and not a test or a person."""
        return sum(_program(line) == program and "--no-password" in line for line in self._seen)


@asynccontextmanager
async def watched_arguments() -> AsyncIterator[Arguments]:
    """Watched as long as the block lasts. Raises what ended the watching, if anything did."""
    watched = Arguments()
    watching = asyncio.create_task(watched.watch())
    try:
        yield watched
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _program(line: str) -> str:
    return PurePath(line.partition(" ")[0]).name

"""Processes of ours that help this one: asked by their stdin, they answer by their stdout, and never outlive it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Final

from services.platform.process.tethered import tethered
from services.platform.process.together import finished

BUFFER_BYTES: Final = 1024 * 1024
"""Of an answer in the pipe's reader: with less of it, a large one stops the helper again and again."""


async def start_helper(module: str) -> Process:
    """Run a module of ours; what it logs goes where our stderr does. Raises OSError where none can be started."""
    return await asyncio.create_subprocess_exec(
        *tethered(sys.executable, "-m", module),
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # a Ctrl-C is for us, and we end it
        limit=BUFFER_BYTES,
    )


async def end_helper(process: Process) -> None:
    """End it, whatever it is doing; returns when it is gone, also when cancelled."""
    with suppress(ProcessLookupError):
        process.kill()
    await finished(asyncio.ensure_future(process.wait()))

"""The lists of an attempt at a backup when their disk takes no more: everybody hears why, not what came of it."""

import asyncio
import resource
from pathlib import Path
from uuid import uuid4

from contracts.errors import FailureCode
from services.platform.connectors.database import Reference
from services.platform.jobs.system import system_error
from services.snapshot.scratch.scratch import Scratch

AT_ONCE = 60
REFERENCES = 700
ROOM_BYTES = 64 * 1024


async def test_all_who_use_lists_that_found_no_room_hear_that_there_is_none(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with Scratch.open(tmp_path) as scratch:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, hard))
        try:
            adding = [
                scratch.add_referenced([Reference(uuid4(), 1) for _ in range(REFERENCES)]) for _ in range(AT_ONCE)
            ]
            ended = await asyncio.gather(*adding, return_exceptions=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said = [system_error(error) for error in ended if error is not None]
    assert len(said) > 1
    assert all(error is not None and error.code is FailureCode.NO_SPACE for error in said), ended

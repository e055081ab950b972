"""`python -m services.catalog.projection.filler`: fills a share of a long replay, told on stdin, and ends."""

import asyncio
import gc
import pickle
import sys
from typing import Final

from contracts.topics import Topic
from services import end_imports
from services.catalog.adapters.desk import SERVICE
from services.catalog.projection.keeper import Projection
from services.catalog.projection.replay import Replayer
from services.catalog.projection.sharing import FORKED, INTERRUPTED, Share
from services.platform.database import Database
from services.platform.messaging.errors import LogForkedError
from services.platform.messaging.reading import LogReader
from services.platform.process.errors import TransientError
from services.platform.process.logging import configure_logging
from services.platform.process.memory import bound_memory
from services.platform.process.seams import rehearse

RARELY: Final = 100_000
"""What a transaction has made goes by itself when it ends, all at once, and the collector finds nothing until then: as
often as usual it took a twentieth of the time, measured."""
AT_ONCE: Final = 1
"""While PostgreSQL works for this filler, the others fold: two partitions in turns took a tenth more, measured."""


def main() -> int:
    """0 when all is filled; else see `sharing`, and 1 with a traceback for anything else."""
    share: Share = pickle.load(sys.stdin.buffer)  # noqa: S301 -- who started this process wrote it
    end_imports()
    gc.set_threshold(RARELY)
    bound_memory()
    configure_logging(share.engines.log, SERVICE)
    rehearse(share.engines.rehearsal)
    try:
        asyncio.run(_fill(share))
    except LogForkedError as error:
        return _told(error.reason, FORKED)
    except TransientError as error:
        return _told(error.reason, INTERRUPTED)
    return 0


async def _fill(share: Share) -> None:
    kafka, postgres = share.engines.kafka, share.engines.postgres
    database = await Database.open(postgres, schema=SERVICE)
    try:
        async with LogReader.open(kafka) as reader:
            projection = Projection(database, Topic.EVENTS.named(kafka.topic_prefix))
            await Replayer(projection, reader).fill(share.missing, at_once=AT_ONCE)
    finally:
        await database.close()


def _told(reason: str, code: int) -> int:
    sys.stdout.write(reason)
    return code


if __name__ == "__main__":
    sys.exit(main())

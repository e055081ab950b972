"""`python -m services.platform.refill`: once, as an administrator of PostgreSQL, while no service runs."""

import sys
from functools import partial

from contracts.topics import Topic
from services.platform.database import Database
from services.platform.eventstore.refill import Refill
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.once import run_once
from services.platform.process.settings import Settings


async def refill(settings: Settings) -> int:
    """Make the topics where they are missing, and fill the log; how many events it has now."""
    await ensure_topics(settings.kafka)
    database = await Database.open(settings.postgres, schema="public")
    try:
        async with Producer.open(settings.kafka) as producer, LogReader.open(settings.kafka) as reader:
            return await Refill(database, partial(producer.send_batch, Topic.EVENTS), reader).run()
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(run_once("refill", Settings, refill))

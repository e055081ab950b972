"""`python -m services.platform.refill`: once, as an administrator of PostgreSQL, while no service runs."""

import asyncio
import sys
from functools import partial

from contracts.topics import Topic
from services.platform.database import Database
from services.platform.eventstore.refill import Refill
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.errors import NightkeepError
from services.platform.process.logging import configure_logging
from services.platform.process.reading import SettingsError, read_settings
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


def main() -> int:
    """0 when the log has everything, 1 when it could not be filled, 2 when the settings are wrong."""
    try:
        settings = read_settings(Settings)
        configure_logging(settings.log, "refill")
        asyncio.run(refill(settings))
    except NightkeepError as error:
        sys.stderr.write(f"refill: {error.reason}\n")
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

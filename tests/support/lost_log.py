"""A log that is lost, and the command of an operator that fills it again from the event tables."""

import subprocess
import sys

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]  # -- aiokafka has no types

from services.platform.messaging.driver import connection_options
from services.platform.process.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.running_services import Platform
from tests.support.starting import ROOT


async def lose_the_log(kafka: KafkaSettings) -> None:
    """Delete the event topic, as nobody should whose PostgreSQL was not set back."""
    admin = AIOKafkaAdminClient(**connection_options(kafka))
    await admin.start()
    try:
        name = f"{kafka.topic_prefix}.events"
        await admin.delete_topics([name])

        async def is_gone() -> bool:
            return name not in await admin.list_topics()

        await eventually(is_gone)
    finally:
        await admin.close()


def refilled(platform: Platform) -> int:
    """What the command ends with."""
    environment = platform.environment("catalog")
    administrator = platform.database()
    environment |= {
        "NIGHTKEEP_POSTGRES__USER": administrator.user,
        "NIGHTKEEP_POSTGRES__PASSWORD": administrator.password.get_secret_value(),
    }
    command = [sys.executable, "-m", "services.platform.refill"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode

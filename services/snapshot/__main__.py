"""`python -m services.snapshot`: the snapshot service, which stands behind everybody else on its machine."""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from services.platform.process.health import Health
from services.platform.process.priority import stand_behind
from services.platform.process.service import Task, run_service
from services.snapshot.bootstrap import bootstrap
from services.snapshot.parts import SERVICE
from services.snapshot.settings import SnapshotSettings


async def stand_behind_and_bootstrap(
    stack: AsyncExitStack, settings: SnapshotSettings, health: Health
) -> Sequence[Task]:
    """See `bootstrap`. Small documents are compressed by the event loop itself: its threads alone would not do."""
    stand_behind(settings.source.niceness)
    return await bootstrap(stack, settings, health)


if __name__ == "__main__":
    sys.exit(run_service(SERVICE, SnapshotSettings, stand_behind_and_bootstrap))

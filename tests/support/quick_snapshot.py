"""`python -m tests.support.quick_snapshot`: the snapshot service as a process of its own, with quick backups."""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from services.platform.process.health import Health
from services.platform.process.service import Task, run_service
from services.snapshot.bootstrap import bootstrap
from services.snapshot.settings import SnapshotSettings
from tests.support.quick_backups import QuickBackups


async def quick(stack: AsyncExitStack, settings: SnapshotSettings, health: Health) -> Sequence[Task]:
    """See the service's own bootstrap."""
    return await bootstrap(stack, settings, health, QuickBackups().kinds)


if __name__ == "__main__":
    sys.exit(run_service("snapshot", SnapshotSettings, quick))

"""`python -m tests.support.standing_snapshot`: the snapshot service, whose event loop stands still at one place.

Before it decides a backup it looks for the file that `NIGHTKEEP_TEST_STANDS` names, renames it to `….met`, and makes a
blocking call until that one is gone. Its threads and children go on meanwhile, and so do its connections.
"""

import os
import sys
import time
from pathlib import Path

from services.platform.process.service import run_service
from services.snapshot.attempt import BackupAttempt
from services.snapshot.bootstrap import bootstrap
from services.snapshot.parts import SERVICE
from services.snapshot.settings import SnapshotSettings

_decide = BackupAttempt.decide


def met(asked: Path) -> Path:
    """What the file is called while the loop stands."""
    return asked.with_name(f"{asked.name}.met")


async def decide(attempt: BackupAttempt) -> None:
    """The step, after a call that blocks."""
    asked = Path(os.environ["NIGHTKEEP_TEST_STANDS"])
    if asked.exists():  # noqa: ASYNC240 -- the loop shall stand
        asked.rename(met(asked))  # noqa: ASYNC240 -- see there
        while met(asked).exists():
            time.sleep(0.05)  # noqa: ASYNC251 -- see there
    await _decide(attempt)


if __name__ == "__main__":
    BackupAttempt.decide = decide  # type: ignore[assignment, method-assign]  # -- the one place where it stands
    sys.exit(run_service(SERVICE, SnapshotSettings, bootstrap))

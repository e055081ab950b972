"""`python -m services.snapshot`: the snapshot service."""

import sys

from services.platform.process.service import run_service
from services.snapshot.bootstrap import bootstrap
from services.snapshot.parts import SERVICE
from services.snapshot.settings import SnapshotSettings

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, SnapshotSettings, bootstrap))

"""`python -m services.replication`: the replication service."""

import sys

from services.platform.process.service import run_service
from services.platform.process.settings import Settings
from services.replication.bootstrap import SERVICE, bootstrap

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, Settings, bootstrap))

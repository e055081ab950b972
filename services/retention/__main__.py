"""`python -m services.retention`: the retention service."""

import sys

from services.platform.process.service import run_service
from services.platform.process.settings import Settings
from services.retention.bootstrap import SERVICE, bootstrap

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, Settings, bootstrap))

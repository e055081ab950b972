"""`python -m services.retention`: the retention service."""

import sys

from services.platform.process.service import run_service
from services.retention.bootstrap import bootstrap
from services.retention.parts import SERVICE
from services.retention.settings import RetentionServiceSettings

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, RetentionServiceSettings, bootstrap))

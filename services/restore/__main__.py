"""`python -m services.restore`: brings backups into environments."""

import sys

from services.platform.process.service import run_service
from services.restore.bootstrap import bootstrap
from services.restore.settings import RestoreSettings
from services.restore.workplace import SERVICE

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, RestoreSettings, bootstrap))

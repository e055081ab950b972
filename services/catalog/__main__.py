"""`python -m services.catalog`: decides commands and projects the log into the read model."""

import sys

from services.catalog.bootstrap import bootstrap
from services.catalog.settings import CatalogSettings
from services.platform.process.service import run_service

if __name__ == "__main__":
    sys.exit(run_service("catalog", CatalogSettings, bootstrap))

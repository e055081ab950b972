"""`python -m services.gateway`: HTTP to commands, reads to HTTP."""

import sys

from services.gateway.bootstrap import bootstrap
from services.gateway.settings import SERVICE, GatewayServiceSettings
from services.platform.process.service import run_service

if __name__ == "__main__":
    sys.exit(run_service(SERVICE, GatewayServiceSettings, bootstrap))

"""`python -m services.platform.provision`: run once before the services, and again after an upgrade."""

import sys

from services.platform.process.once import run_once
from services.platform.provision.provisioning import ProvisioningSettings, provision

if __name__ == "__main__":
    sys.exit(run_once("setup", ProvisioningSettings, provision))

"""`python -m services.platform.provision`: run once before the services, and again after an upgrade."""

import asyncio
import sys

from services.platform.process.errors import NightkeepError
from services.platform.process.logging import configure_logging
from services.platform.process.reading import SettingsError, read_settings
from services.platform.provision.provisioning import ProvisioningSettings, provision


def main() -> int:
    """0 when all is there, 1 when an engine refused, 2 when the settings are wrong."""
    try:
        settings = read_settings(ProvisioningSettings)
        configure_logging(settings.log, "setup")
        asyncio.run(provision(settings))
    except NightkeepError as error:
        sys.stderr.write(f"setup: {error.reason}\n")
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Where fetched things are kept between runs and between copies of the stack."""

import os
from pathlib import Path

import platformdirs

SETTING = "NIGHTKEEP_CACHE_DIR"


def cache_directory() -> Path:
    """The directory named by the setting, else the user's own cache."""
    named = os.environ.get(SETTING)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("nightkeep")

"""A service's own copy of where environments are, kept by following the log (architecture §2.3).

A service that uses it calls `migrate_environments` at its start, adds `REACTIONS` to its own (or calls these functions
in them), and asks `find`.
"""

from services.platform.environments.copy import KnownEnvironment, find, migrate_environments
from services.platform.environments.reactions import (
    REACTIONS,
    on_environment_registered,
    on_environment_removed,
    on_environment_updated,
)

__all__ = [
    "REACTIONS",
    "KnownEnvironment",
    "find",
    "migrate_environments",
    "on_environment_registered",
    "on_environment_removed",
    "on_environment_updated",
]

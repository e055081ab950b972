"""An environment's PostgreSQL database: checked, dumped in one exported snapshot, loaded beside, switched, undone.

The front door is `EnvironmentDatabase`; everything about restoring is in `databases`, `load` and `switch`.
"""

from services.platform.connectors.database.access import DatabaseAccess, Login
from services.platform.connectors.database.check import CheckReport
from services.platform.connectors.database.children import ChildGroups
from services.platform.connectors.database.environment import EnvironmentDatabase
from services.platform.connectors.database.findings import passed
from services.platform.connectors.database.references import Reference
from services.platform.connectors.database.snapshot import Snapshot
from services.platform.connectors.database.tools import PostgresTools

__all__ = [
    "CheckReport",
    "ChildGroups",
    "DatabaseAccess",
    "EnvironmentDatabase",
    "Login",
    "PostgresTools",
    "Reference",
    "Snapshot",
    "passed",
]

"""Nightkeep's own PostgreSQL: the only place that opens pools; transactions, named SQL, migrations, notifications."""

from services.platform.database.connection import Connection, Record
from services.platform.database.database import Database
from services.platform.database.errors import ConflictError, DatabaseUnavailableError, NewerSchemaError
from services.platform.database.migrations import migrate
from services.platform.database.notifications import HeldLock, Notifications
from services.platform.database.queries import load_queries
from services.platform.database.silent import silent_sessions_ended

__all__ = [
    "ConflictError",
    "Connection",
    "Database",
    "DatabaseUnavailableError",
    "HeldLock",
    "NewerSchemaError",
    "Notifications",
    "Record",
    "load_queries",
    "migrate",
    "silent_sessions_ended",
]

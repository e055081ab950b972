"""A schema grows by numbered files, once each, under a lock; an older release refuses a newer schema."""

from services.platform.database.database import Database


async def migrate(database: Database, package: str, schema: str) -> None:
    """Run `<package>/sql/migrations/0001_….sql` … that `schema` has not had yet, all in one transaction.

    Several packages may have files for one schema (the event store's and the service's own): each counts by itself.
    Raises NewerSchemaError when the schema has more than `package` brings.
    """
    raise NotImplementedError

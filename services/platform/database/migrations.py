"""A schema grows by numbered files, once each, under a lock; an older release refuses a newer schema."""

from dataclasses import dataclass
from importlib.resources import files

from services.platform.database.connection import Connection
from services.platform.database.database import Database
from services.platform.database.errors import NewerSchemaError
from services.platform.database.queries import load_queries

queries = load_queries("services.platform.database")


@dataclass(frozen=True)
class Migration:
    """One file, known by its number."""

    version: int
    name: str
    sql: str


async def migrate(database: Database, package: str, schema: str) -> None:
    """Run `<package>/sql/migrations/0001_….sql` … that `schema` has not had yet, all in one transaction.

    Several packages may have files for one schema (the event store's and the service's own): each counts by itself.
    Raises NewerSchemaError when the schema has more than `package` brings.
    """
    async with database.transaction() as c:
        await _enter(c, schema)
        applied: int = await queries.applied_version(c, package=package)
        for migration in outstanding(read_migrations(package), applied, package):
            await c.execute(migration.sql)
            await queries.note_migration(c, package=package, version=migration.version, name=migration.name)


async def _enter(c: Connection, schema: str) -> None:
    await queries.lock_schema(c, name=schema)
    if not await queries.schema_exists(c, name=schema):
        await c.execute(f'CREATE SCHEMA "{schema}"')
    await c.execute(f'SET LOCAL search_path = "{schema}"')
    await queries.create_history(c)


def read_migrations(package: str) -> list[Migration]:
    """The files of `package`, by number."""
    found = [path for path in (files(package) / "sql" / "migrations").iterdir() if path.name.endswith(".sql")]
    migrations = [Migration(int(path.name.split("_", 1)[0]), path.name, path.read_text("utf-8")) for path in found]
    return sorted(migrations, key=lambda migration: migration.version)


def outstanding(migrations: list[Migration], applied: int, package: str) -> list[Migration]:
    """What comes after `applied`. Raises NewerSchemaError when that is beyond all of `migrations`."""
    newest = max((migration.version for migration in migrations), default=0)
    if applied > newest:
        raise NewerSchemaError(
            f"the schema has migration {applied} of {package}, this release knows {newest}: start the newer release"
        )
    return [migration for migration in migrations if migration.version > applied]

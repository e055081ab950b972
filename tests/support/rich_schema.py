"""An app's schema with much of what PostgreSQL offers, small enough to be made in a blink."""

from pathlib import Path

from tests.support.app_databases import AppDatabase

OWN = Path(__file__).with_name("rich_schema.sql")
SUPERUSER = Path(__file__).with_name("rich_schema_superuser.sql")


def fill(database: AppDatabase, *, superuser: bool = True) -> None:
    """Make the schema with its rows; with `superuser` also what only a superuser makes."""
    database.run(_script(OWN, database))
    if superuser:
        database.run(_script(SUPERUSER, database), superuser=True)


def _script(path: Path, database: AppDatabase) -> str:
    return path.read_text(encoding="utf-8").replace("{reader}", database.reader).replace("{owner}", database.role)

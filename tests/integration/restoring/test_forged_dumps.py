"""A dump whose entries say what pg_dump never writes: it is refused by name, and the environment is as it was."""

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from contracts.errors import FailureCode
from contracts.events.archives import DataType
from tests.integration.restoring.test_uploads import assert_untouched, failure, filled
from tests.support.app_databases import AppDatabase
from tests.support.dumps import TocEntry, data_block, dump
from tests.support.restore_stage import RestoreStage

NO_DATA: Final = (3, 0)
DATA: Final = (1, 0)
DROP: Final = "DROP DATABASE {live} WITH (FORCE);\n"


def entry(number: int, kind: str, definition: str = "", *, has_data: bool = False) -> TocEntry:
    """One that says this."""
    offset = DATA if has_data else NO_DATA
    return TocEntry(number, kind.encode(), definition=definition.encode(), copied=b"", offset=offset)


def forged(live: AppDatabase, said: Sequence[tuple[str, str]]) -> bytes:
    """A dump of these entries, in this order: kind and definition."""
    filled_in = [[text.replace("{live}", live.name).replace("{role}", live.role) for text in one] for one in said]
    return dump([ENCODING, *(entry(number, *one) for number, one in enumerate(filled_in, 2))])


ENCODING: Final = entry(1, "ENCODING", "SET client_encoding = 'UTF8';\n")
FORGED: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "at once": [("TABLE", DROP)],
    "committed": [("TABLE", "CREATE TABLE t (id int);\nCOMMIT;\n"), ("TABLE", DROP)],
    "behind a comment": [("TABLE", "/* CREATE TABLE */ " + DROP)],
    "behind a line comment": [("VIEW", "-- CREATE VIEW\n" + DROP)],
    "in the search path": [("SEARCHPATH", DROP)],
    "in the kind": [("TABLE\n" + DROP + "-- ", "CREATE TABLE t (id int);\n")],
    "as a policy": [("POLICY", DROP)],
    "as a grant": [("ACL", DROP)],
    "renamed": [("TABLE", "ALTER DATABASE {live} RENAME TO gone;\n")],
    "a setting": [("TABLE", "ALTER DATABASE {live} SET search_path TO nowhere;\n")],
    "a role": [("TABLE", "ALTER ROLE {role} SET search_path TO nowhere;\n")],
    "another role": [("TABLE", "SET ROLE pg_monitor;\n")],
    "two at once": [("TABLE", "CREATE TABLE t (id int);\nALTER DATABASE {live} SET search_path TO nowhere;\n")],
    "a grant on the database": [("ACL", "REVOKE ALL ON DATABASE {live} FROM PUBLIC;\n")],
    "a comment on the database": [("COMMENT", "COMMENT ON DATABASE {live} IS 'mine';\n")],
    "nested comments": [("TABLE", "CREATE /* /* */ TABLE */ DATABASE more;\n")],
    "a line that ends early": [("TABLE", "CREATE --\rDATABASE more\n TABLE;\n")],
    "in a large object": [("BLOB METADATA", "1'); ALTER DATABASE {live} SET search_path TO x; --\n")],
    "for psql": [("TABLE", "\\! touch /tmp/forged\n")],
}


def state(live: AppDatabase) -> str:
    """What is the server's: a database's name, rights, comment and settings, and those of its role."""
    return live.run(
        "SELECT d.datname, (SELECT array_agg(one::text ORDER BY one::text) "  # noqa: S608 -- ours
        "FROM unnest(coalesce(d.datacl, acldefault('d', d.datdba))) AS one), "
        "shobj_description(d.oid, 'pg_database'), r.rolconfig, s.setconfig "
        "FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid "
        f"JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = '{live.name}'",
        superuser=True,
        database="postgres",
    )


@pytest.mark.parametrize("said", FORGED.values(), ids=FORGED.keys())
async def test_what_pg_dump_never_writes_is_refused_with_nothing_changed(
    stage: RestoreStage, destination: AppDatabase, said: Sequence[tuple[str, str]]
) -> None:
    place = await filled(stage, destination)
    before = state(destination)
    upload_id = await stage.ask_upload(place, forged(destination, said), DataType.DATABASE_ONLY)
    failed = await failure(stage, upload_id)
    assert state(destination) == before
    assert_untouched(place)
    assert (failed.code, "pg_dump does not write" in failed.reason) == (FailureCode.UNSUPPORTED_CONTENT, True), failed


async def test_rows_that_are_statements_are_refused_with_nothing_changed(
    stage: RestoreStage, destination: AppDatabase
) -> None:
    place = await filled(stage, destination)
    entries = [ENCODING, entry(2, "TABLE", "CREATE TABLE t (id int);\n"), entry(3, "TABLE DATA", has_data=True)]
    sent = dump(entries, data_block(3, DROP.replace("{live}", destination.name).encode()))
    failed = await failure(stage, await stage.ask_upload(place, sent, DataType.DATABASE_ONLY))
    assert (failed.code, "without --inserts" in failed.reason) == (FailureCode.UNSUPPORTED_CONTENT, True), failed
    assert_untouched(place)

"""A dump whose entries say what pg_dump never writes: it is refused by name, and the environment is as it was."""

from collections.abc import Sequence
from typing import Final

import pytest

from contracts.errors import FailureCode
from contracts.events.archives import DataType
from contracts.events.uploads import UploadFailed
from tests.integration.restoring.test_uploads import assert_untouched, failure, filled
from tests.support.app_databases import AppDatabase
from tests.support.dumps import TocEntry, data_block, dump
from tests.support.restore_stage import RestoreStage

NO_DATA: Final = (3, 0)
DATA: Final = (1, 0)
DROP: Final = "DROP DATABASE {live} WITH (FORCE);\n"


def entry(number: int, kind: str, definition: str = "", copied: str = "", **more: object) -> TocEntry:
    offset = DATA if copied or more.pop("data", False) else NO_DATA
    return TocEntry(
        number, kind.encode(), definition=definition.encode(), copied=copied.encode(), offset=offset, **more
    )


def forged(live: AppDatabase, said: Sequence[tuple[str, ...]], *blocks: bytes) -> bytes:
    """A dump of these entries, in this order: kind, definition, and the statement before its data."""
    filled_in = [[text.replace("{live}", live.name).replace("{role}", live.role) for text in one] for one in said]
    first = entry(1, "ENCODING", "SET client_encoding = 'UTF8';\n")
    return dump([first, *(entry(number, *one) for number, one in enumerate(filled_in, 2))], *blocks)


FORGED: Final = {
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
    "for psql": [("TABLE", "\\! touch /tmp/forged\n")],
}


async def state(live: AppDatabase) -> str:
    return live.run(
        "SELECT d.datname, d.datacl, shobj_description(d.oid, 'pg_database'), r.rolconfig, s.setconfig "  # noqa: S608
        "FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid "
        f"JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = '{live.name}'",
        superuser=True,
        database="postgres",
    )


@pytest.mark.parametrize("said", FORGED.values(), ids=FORGED.keys())
async def test_what_pg_dump_never_writes_is_refused_with_nothing_changed(
    stage: RestoreStage, destination: AppDatabase, said: Sequence[tuple[str, ...]]
) -> None:
    place = await filled(stage, destination)
    before = await state(destination)
    upload_id = await stage.ask_upload(place, forged(destination, said), DataType.DATABASE_ONLY)
    await stage.run(upload_id)
    print("SAID", (await stage.said(upload_id))[-1])
    print("STATE", before, await state(destination))
    assert await state(destination) == before
    assert_untouched(place)
    failed = (await stage.said(upload_id))[-1]
    assert isinstance(failed, UploadFailed)
    assert (failed.code, "pg_dump does not write" in failed.reason) == (FailureCode.UNSUPPORTED_CONTENT, True), failed


async def test_data_that_is_sql(stage: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(stage, destination)
    entries = [
        entry(1, "ENCODING", "SET client_encoding = 'UTF8';\n"),
        entry(2, "TABLE", "CREATE TABLE t (id int);\n"),
        entry(3, "TABLE DATA", data=True, depends_on=(2,)),
    ]
    sent = dump(entries, data_block(3, DROP.replace("{live}", destination.name).encode()))
    failed = await failure(stage, await stage.ask_upload(place, sent, DataType.DATABASE_ONLY))
    print("SAID", failed)
    assert_untouched(place)

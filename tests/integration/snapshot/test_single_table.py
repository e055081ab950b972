"""One table out of a real dump, as `pg_restore` reads it."""

import asyncio
from pathlib import Path

from services.platform.archives.dump.single import StoredDump, Table
from services.platform.archives.workshop import Workshop
from services.platform.connectors.database import PostgresTools
from services.platform.connectors.database.children import Invocation, output_of
from tests.support.capturing import Place


async def test_a_table_alone_is_read_by_pg_restore(place: Place, tmp_path: Path) -> None:
    place.database.run(
        'CREATE SCHEMA "odd schema"',
        'CREATE TABLE "odd schema"."odd; name" (number int PRIMARY KEY, text text)',
        'INSERT INTO "odd schema"."odd; name" SELECT n, \'row \' || n FROM generate_series(1, 5000) n',
    )
    place.put(b"a document")
    captured = await place.capture()
    target = tmp_path / "small.dump"
    with Workshop.open(1) as workshop:
        dump = StoredDump(place.repository, captured.database, workshop)
        assert await dump.tables() == [Table("odd schema", "odd; name"), Table("public", "document")]
        pieces = [piece async for piece in dump.dump_of("odd schema", "odd; name")]
    await asyncio.to_thread(target.write_bytes, b"".join(pieces))
    pg_restore = await PostgresTools({}).directory(18) / "pg_restore"
    code, printed, words = await output_of(Invocation(pg_restore, ("--file=-", str(target)), {}))
    assert (code, words) == (0, "")
    assert printed.count(b"CREATE TABLE") == 1
    assert b'COPY "odd schema"."odd; name" (number, text) FROM stdin;\n1\trow 1\n' in printed
    assert b"5000\trow 5000\n\\.\n" in printed

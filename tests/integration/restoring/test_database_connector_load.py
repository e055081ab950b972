"""Bringing a dump into a new database beside the live one."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.values import Severity
from services.platform.archives.dump.reading import text_bytes
from services.platform.connectors.database import Login
from services.platform.connectors.database.connection import provisioning
from services.platform.connectors.database.errors import LoadError, UnsupportedContentError
from services.platform.connectors.database.loading import archive as reading
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.restoring import dump, load, only, said_nothing, streamed, switch, target
from tests.support.rich_schema import fill


async def test_a_restored_database_is_the_one_that_was_dumped(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    opened = await dump(source)
    expected = source.as_text().replace(source.role, destination.role)
    source.run("UPDATE customer SET name = 'changed since'")
    into = target(destination, tmp_path)
    await load(into, opened)
    await switch(into)
    assert destination.as_text() == expected
    assert into.left.warnings() == ()
    assert destination.run("SELECT nextval('ticket')") == "9"


async def test_everything_belongs_to_the_role_of_the_destination(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    owners = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert (
        destination.run(f"{owners} AND relkind IN ('r', 'S', 'v', 'm') AND NOT relname LIKE 'pg_stat%'")
        == destination.role
    )
    large = "SELECT DISTINCT pg_get_userbyid(lomowner) FROM pg_largeobject_metadata"
    assert destination.run(large) == destination.role
    assert destination.run(f"SELECT has_table_privilege('{source.reader}', 'customer', 'SELECT')") == "t"
    assert destination.run("SELECT reltuples > 0 FROM pg_class WHERE relname = 'customer'") == "t"


async def test_every_table_partition_and_materialised_view_has_its_statistics(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    kept = "FROM pg_class WHERE relkind IN ('r', 'm', 'p') AND relnamespace <> 'information_schema'::regnamespace"
    assert int(destination.run(f"SELECT count(DISTINCT relkind) {kept}")) == 3
    assert destination.run(f"SELECT relname {kept} AND NOT relisshared AND reltuples < 0") == ""


async def test_roles_that_are_not_there_cost_their_grants_and_policies_and_nothing_else(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run(f"CREATE POLICY for_two ON customer TO {source.reader}, {source.role} USING (true)")
    opened = await dump(source)
    source.run(f"ALTER ROLE {source.reader} RENAME TO {source.reader}_elsewhere", superuser=True)
    into = target(destination, tmp_path)
    try:
        await load(into, opened)
    finally:
        source.run(f"ALTER ROLE {source.reader}_elsewhere RENAME TO {source.reader}", superuser=True)
    await switch(into)
    grants = only(into.left.warnings(), "GRANT_NOT_RESTORED")
    assert grants.count >= 4
    assert source.reader in grants.examples[0]
    policy = only(into.left.warnings(), "POLICY_NOT_RESTORED")
    assert policy.count == 2
    assert source.reader in policy.examples[0]
    roles = "SELECT polroles::regrole[] FROM pg_policy WHERE polname = 'for_two'"
    assert destination.run(roles) == "{" + destination.role + "}"


async def test_a_role_map_says_who_stands_for_whom(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path, role_map={source.reader: destination.reader})
    await load(into, await dump(source))
    await switch(into)
    assert into.left.warnings() == ()
    assert destination.run(f"SELECT has_table_privilege('{destination.reader}', 'customer', 'SELECT')") == "t"
    assert destination.run(f"SELECT has_table_privilege('{source.reader}', 'customer', 'SELECT')") == "f"


async def test_an_extension_that_is_allowed_is_installed_by_the_provisioner(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run("CREATE EXTENSION postgres_fdw", superuser=True)
    source.run("CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw", superuser=True)
    source.run(f"ALTER SERVER far OWNER TO {source.role}", superuser=True)
    into = target(destination, tmp_path, extensions=("postgres_fdw",))
    await load(into, await dump(source))
    await switch(into)
    assert into.left.warnings() == ()
    assert destination.run("SELECT count(*) FROM pg_foreign_server") == "1"


async def test_an_extension_that_is_not_allowed_is_named_and_left_out(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run("CREATE EXTENSION dblink", superuser=True)
    into = target(destination, tmp_path)
    archive = await load(into, await dump(source))
    assert "dblink" in only(into.left.warnings(), "EXTENSION_NOT_RESTORED").examples[0]
    findings = (await into.look(archive, 0)).findings
    assert [finding.severity for finding in findings if finding.subject == "dblink"] == [Severity.WARNING]


async def test_an_extension_that_rows_need_fails_the_preflight(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run("CREATE EXTENSION dblink", superuser=True)
    source.run("CREATE VIEW far AS SELECT * FROM dblink('', '') AS t (a int)", superuser=True)
    source.run(f"ALTER VIEW far OWNER TO {source.role}", superuser=True)
    into = target(destination, tmp_path)
    findings = (await into.look(await into.read_archive(await dump(source)), 0)).findings
    (finding,) = [finding for finding in findings if finding.subject == "dblink"]
    assert finding.code == "UNSUPPORTED_CONTENT"
    assert "VIEW public far" in finding.message


async def test_a_program_that_has_seen_enough_of_a_dump_leaves_no_error_behind(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run(
        "CREATE TABLE wide AS SELECT (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 30 + n % 2))"
        " FROM generate_series(1, 5000) AS n"
    )
    opened, into, said = await dump(source), target(destination, tmp_path), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    for _ in range(20):
        await into.read_archive(opened)
    gc.collect()
    assert said == []


async def test_event_triggers_and_publications_of_everything_are_left_out_without_a_superuser(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    destination.run(f"ALTER ROLE {destination.role} CREATEDB", superuser=True)
    into = target(destination, tmp_path, provisioner=Login(destination.role, SecretStr(destination.password)))
    await load(into, await dump(source))
    await switch(into)
    assert "watch_ddl" in only(into.left.warnings(), "EVENT_TRIGGER_NOT_RESTORED").examples[0]
    publications = "SELECT pubname FROM pg_publication WHERE NOT puballtables ORDER BY 1"
    assert destination.run(publications).splitlines() == ["some_tables", "whole_schema"]
    assert "all_tables" in str(only(into.left.warnings(), "PUBLICATION_NOT_RESTORED").examples)
    assert destination.run("SELECT count(*) FROM customer") == "500"


async def test_a_subscription_is_never_created(source: AppDatabase, destination: AppDatabase, tmp_path: Path) -> None:
    source.run(
        "CREATE SUBSCRIPTION follower CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)", superuser=True
    )
    into = target(destination, tmp_path)
    await load(into, await dump(source))
    await switch(into)
    assert (
        destination.run(
            "SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
            "WHERE d.datname = current_database()",
            superuser=True,
        )
        == "0"
    )


async def test_a_load_that_fails_leaves_the_live_database_and_tells_no_rows(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run("CREATE TABLE odd (secret text CHECK (secret <> 'hushh'))", "INSERT INTO odd VALUES ('other')")
    pieces = b"".join([piece async for piece in (await dump(source))()])
    spoiled = streamed(pieces.replace(b"other\n", b"hushh\n"))
    into = target(destination, tmp_path)
    with pytest.raises(LoadError) as caught:
        await load(into, spoiled)
    assert "hush" not in caught.value.reason
    assert "odd" in caught.value.reason
    assert destination.run("SELECT count(*) FROM before") == "1"


async def test_a_dump_that_ends_early_is_not_taken_for_a_whole_one(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    pieces = b"".join([piece async for piece in (await dump(source))()])
    with pytest.raises(LoadError):
        await load(target(destination, tmp_path), streamed(pieces[:-50_000]))


async def test_bytes_that_are_no_dump_are_refused(destination: AppDatabase, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be read"):
        await target(destination, tmp_path).read_archive(streamed(b"something else" * 1000))


@pytest.mark.parametrize("limit", [500, 5_000])
async def test_a_dump_that_says_too_much_of_itself_is_refused(
    source: AppDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(reading, "HEAD_LIMIT_BYTES", limit)
    with pytest.raises(LoadError, match=f"larger than {limit} bytes"):
        await target(source, tmp_path).read_archive(await dump(source))


async def test_a_dump_of_a_strange_server_is_refused(source: AppDatabase, tmp_path: Path) -> None:
    whole = b"".join([piece async for piece in (await dump(source))()])
    name = text_bytes(source.name.encode())
    begin = whole.index(name) + len(name)
    size = len(text_bytes(whole[begin + 5 : begin + 5 + whole[begin + 1]]))
    strange = whole[:begin] + text_bytes(b"Strange") + whole[begin + size :]
    with pytest.raises(LoadError, match="has no server"):
        await target(source, tmp_path).read_archive(streamed(strange))


async def test_a_dump_is_read_to_its_end_without_a_database(source: AppDatabase, tmp_path: Path) -> None:
    whole = b"".join([piece async for piece in (await dump(source))()])
    into = target(source, tmp_path)
    await into.read_whole(streamed(whole)(), said_nothing, lambda _: None)
    for cut in (len(whole) // 2, len(whole) - 300, len(whole) - 1):
        with pytest.raises(LoadError, match="to its end"):
            await into.read_whole(streamed(whole[:cut])(), said_nothing, lambda _: None)


async def test_a_stream_that_breaks_leaves_as_its_own_error(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    whole = await dump(source)
    into = target(destination, tmp_path)
    archive = await into.read_archive(whole)
    await into.create()
    await into.create_extensions(archive)

    async def broken() -> AsyncIterator[bytes]:
        async for piece in whole():
            yield piece
            raise ConnectionAbortedError("the store went away")

    with pytest.raises(ConnectionAbortedError):
        await into.load(archive, broken(), told=said_nothing, moved=lambda: None)


async def test_texts_in_another_encoding_are_converted_or_refused(
    postgres: PostgresSettings, source: AppDatabase, tmp_path: Path
) -> None:
    with app_database(postgres, "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'") as destination:
        into = target(destination, tmp_path)
        archive = await load(into, await dump(source))
        codes = [finding.code for finding in (await into.look(archive, 0)).findings]
        assert "ENCODING_DIFFERS" in codes
        await switch(into)
        assert destination.run("SELECT octet_length(nspname) FROM pg_namespace WHERE nspname LIKE 'Z%rich'") == "6"
    with app_database(postgres, "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'") as unknown:
        unknown.run("CREATE TABLE t (id int)")
        into = target(source, tmp_path)
        findings = (await into.look(await into.read_archive(await dump(unknown)), 0)).findings
        assert "ENCODING_MISMATCH" in [finding.code for finding in findings]


async def test_a_dump_of_17_over_tls_is_restored_into_18(
    postgres17_tls: PostgresSettings, destination: AppDatabase, tmp_path: Path
) -> None:
    with app_database(postgres17_tls) as older:
        fill(older)
        into = target(destination, tmp_path, role_map={older.reader: destination.reader})
        archive = await load(into, await dump(older))
        assert archive.contents.server_major == 17
        await switch(into)
        checksum = "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM customer AS c"
        assert destination.run(checksum) == older.run(checksum)
        assert into.left.warnings() == ()


async def test_a_dump_of_18_is_not_restored_into_17(
    source: AppDatabase, postgres17_tls: PostgresSettings, tmp_path: Path
) -> None:
    with app_database(postgres17_tls) as older:
        into = target(older, tmp_path)
        findings = (await into.look(await into.read_archive(await dump(source)), 0)).findings
        assert "OLDER_SERVER" in [finding.code for finding in findings]


async def test_a_superuser_never_loads_a_dump(source: AppDatabase, destination: AppDatabase, tmp_path: Path) -> None:
    destination.run(f"ALTER ROLE {destination.role} SUPERUSER", superuser=True)
    into = target(destination, tmp_path)
    findings = (await into.look(await into.read_archive(await dump(source)), 0)).findings
    (finding,) = [finding for finding in findings if finding.code == "ROLE_IS_SUPERUSER"]
    assert finding.severity is Severity.ERROR


async def test_a_server_without_room_is_told_before_anything_happens(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    into = target(destination, tmp_path)
    archive = await into.read_archive(await dump(source))
    free = (await into.look(archive, 1)).findings
    assert "NO_SPACE" not in [finding.code for finding in free]
    full = (await into.look(archive, 10**18)).findings
    assert "NO_SPACE" in [finding.code for finding in full]


SEIZING = """--
CREATE SCHEMA evil;
CREATE FUNCTION evil.eq(name, text) RETURNS boolean LANGUAGE plpgsql AS $seize$
BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN
        ALTER ROLE {role} SUPERUSER;
    END IF;
    RETURN $1 OPERATOR(pg_catalog.=) $2;
END $seize$;
CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.eq);
DO $path$BEGIN
    EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = evil, pg_catalog', pg_catalog.current_database());
END$path$;
"""
IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"


async def test_a_foreign_dump_makes_nobody_a_superuser(
    source: AppDatabase, destination: AppDatabase, tmp_path: Path
) -> None:
    source.run("CREATE SCHEMA innocent")
    source.run("CREATE EXTENSION postgres_fdw", superuser=True)
    whole = b"".join([piece async for piece in (await dump(source))()])
    innocent = text_bytes(b"CREATE SCHEMA innocent;\n")
    assert innocent in whole
    sent = streamed(whole.replace(innocent, text_bytes(SEIZING.format(role=destination.role).encode())))
    into = target(destination, tmp_path, extensions=("postgres_fdw",))
    archive = await into.read_archive(sent)
    await into.create()
    with pytest.raises(UnsupportedContentError, match="pg_dump does not write"):
        await into.create_extensions(archive, foreign=True)
    assert destination.run(IS_SUPERUSER) == "f"
    await into.create_extensions(archive)
    assert destination.run("SELECT 1 FROM pg_namespace WHERE nspname = 'evil'", database=into.name) == "1"
    assert destination.run(IS_SUPERUSER) == "f"


async def test_the_provisioner_looks_names_up_where_no_database_says_otherwise(destination: AppDatabase) -> None:
    destination.run(f"ALTER DATABASE {destination.name} SET search_path = evil, pg_catalog")
    async with provisioning(destination.access(), destination.name) as connection:
        assert await connection.fetchval("SHOW search_path") == "pg_catalog, pg_temp"

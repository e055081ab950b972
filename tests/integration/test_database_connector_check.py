"""Looking at an app's database: each fault has its own words, and says what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.values import Finding, Severity, SslMode
from services.platform.connectors.database import CheckReport, EnvironmentDatabase, Login, PostgresTools, passed
from services.platform.connectors.database.errors import ToolsMissingError
from services.platform.connectors.database.tools import usual_directories
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.databases import execute
from tests.support.rich_schema import fill

TOOLS = PostgresTools({})


@pytest.fixture
def app(postgres: PostgresSettings) -> Iterator[AppDatabase]:
    with app_database(postgres) as database:
        yield database


async def check(
    app: AppDatabase, query: str | None = None, tools: PostgresTools = TOOLS, **changes: object
) -> CheckReport:
    return await EnvironmentDatabase(app.access(**changes), tools).check(query)


def only(report: CheckReport, code: str) -> Finding:
    (finding,) = [finding for finding in report.findings if finding.code == code]
    return finding


async def test_a_healthy_database_passes_without_a_word(app: AppDatabase) -> None:
    fill(app)
    report = await check(app, "SELECT document, 1 FROM customer")
    assert report.findings == ()
    assert report.server_version
    assert report.server_version.startswith("18.")


async def test_a_wrong_password_is_told_as_such(app: AppDatabase) -> None:
    report = await check(app, role=Login(app.role, SecretStr("wrong")))
    assert not passed(report.findings)
    assert "password" in only(report, "AUTHENTICATION_FAILED").message


async def test_a_wrong_password_of_the_provisioner_names_the_provisioner(app: AppDatabase) -> None:
    report = await check(app, provisioner=Login(app.server.user, SecretStr("wrong")))
    assert only(report, "AUTHENTICATION_FAILED").subject == app.server.user


async def test_a_server_that_does_not_answer_is_unreachable(app: AppDatabase) -> None:
    report = await check(app, port=1)
    assert {finding.code for finding in report.findings} == {"DATABASE_UNREACHABLE"}
    assert ":1" in report.findings[0].message


async def test_a_database_that_does_not_exist_is_named(app: AppDatabase) -> None:
    report = await check(app, database="nowhere")
    assert "'nowhere'" in only(report, "DATABASE_UNREACHABLE").message


async def test_a_role_that_does_not_own_the_database_lacks_rights(app: AppDatabase) -> None:
    app.run(f"ALTER DATABASE {app.name} OWNER TO {app.server.user}", superuser=True)
    try:
        assert "does not own" in only(await check(app), "MISSING_RIGHTS").message
    finally:
        app.run(f"ALTER DATABASE {app.name} OWNER TO {app.role}", superuser=True)


async def test_a_table_that_the_role_may_not_read_is_named(app: AppDatabase) -> None:
    app.run("CREATE TABLE hidden (id int)", superuser=True)
    assert "public.hidden" in only(await check(app), "MISSING_RIGHTS").message


async def test_forced_row_level_security_cannot_be_dumped(app: AppDatabase) -> None:
    app.run("CREATE TABLE forced (id int)")
    app.run("ALTER TABLE forced ENABLE ROW LEVEL SECURITY", "ALTER TABLE forced FORCE ROW LEVEL SECURITY")
    assert "BYPASSRLS" in only(await check(app), "MISSING_RIGHTS").message
    app.run(f"ALTER ROLE {app.role} BYPASSRLS", superuser=True)
    assert passed((await check(app)).findings)


async def test_large_objects_of_others_cannot_be_dumped(app: AppDatabase) -> None:
    app.run("SELECT lo_create(1), lo_create(2)", superuser=True)
    assert "2 large objects" in only(await check(app), "MISSING_RIGHTS").message
    app.run(f"GRANT SELECT ON LARGE OBJECT 1 TO {app.role}", "GRANT SELECT ON LARGE OBJECT 2 TO PUBLIC", superuser=True)
    assert passed((await check(app)).findings)


async def test_a_provisioner_without_rights_is_told_which_ones_it_needs(app: AppDatabase) -> None:
    report = await check(app, provisioner=Login(app.role, SecretStr(app.password)))
    assert "CREATEDB" in only(report, "MISSING_RIGHTS").message
    assert "pg_signal_backend" in only(report, "MAY_NOT_END_SESSIONS").message


async def test_one_role_with_createdb_may_be_both(app: AppDatabase) -> None:
    app.run(f"ALTER ROLE {app.role} CREATEDB", superuser=True)
    assert passed((await check(app, provisioner=Login(app.role, SecretStr(app.password)))).findings)


async def test_a_superuser_as_the_environments_role_is_warned_of(app: AppDatabase) -> None:
    app.run(f"ALTER ROLE {app.role} SUPERUSER", superuser=True)
    assert only(await check(app), "ROLE_IS_SUPERUSER").severity is Severity.WARNING


async def test_a_provisioner_inside_the_database_that_it_would_rename_is_warned_of(app: AppDatabase) -> None:
    assert "template1" in only(await check(app, maintenance_database=app.name), "MAINTENANCE_DATABASE").message


async def test_what_a_restore_could_not_bring_back_is_named(app: AppDatabase) -> None:
    app.run(
        "CREATE EXTENSION dblink",
        "CREATE SUBSCRIPTION follower CONNECTION 'host=nowhere password=hush' PUBLICATION p WITH (connect = false)",
        superuser=True,
    )
    report = await check(app)
    assert passed(report.findings)
    assert only(report, "EXTENSION_NOT_RESTORABLE").subject == "dblink"
    assert only(report, "SUBSCRIPTION_NOT_RESTORABLE").subject == "follower"
    assert "hush" not in str(report)
    assert "EXTENSION_NOT_RESTORABLE" not in str(await check(app, extensions=("dblink",)))


async def test_event_triggers_need_a_provisioner_that_is_superuser(app: AppDatabase) -> None:
    fill(app)
    app.run(f"ALTER ROLE {app.role} CREATEDB", superuser=True)
    report = await check(app, provisioner=Login(app.role, SecretStr(app.password)))
    assert only(report, "EVENT_TRIGGER_NOT_RESTORABLE").subject == "watch_ddl"
    assert only(report, "PUBLICATION_NOT_RESTORABLE").subject == "all_tables"


async def test_an_encoding_that_nobody_knows_is_warned_of(postgres: PostgresSettings) -> None:
    with app_database(postgres, "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'") as app:
        assert only(await check(app), "ENCODING_UNKNOWN").severity is Severity.WARNING


async def test_a_documents_query_that_does_not_run_fails_the_check(app: AppDatabase) -> None:
    assert "nothing" in only(await check(app, "SELECT a, b FROM nothing"), "REFERENCE_QUERY_FAILED").message


async def test_a_major_without_tools_is_named_with_what_to_do(app: AppDatabase) -> None:
    no_tools = PostgresTools({}, usual=list)
    message = only(await check(app, tools=no_tools), "TOOLS_MISSING").message
    assert "PostgreSQL 18" in message
    assert "NIGHTKEEP_TOOLS__POSTGRESQL" in message


async def test_a_configured_directory_with_other_tools_is_named(tmp_path: Path) -> None:
    tools = PostgresTools({"18": tmp_path}, usual=list)
    with pytest.raises(ToolsMissingError, match=str(tmp_path)):
        await tools.directory(18)


async def test_tools_are_found_by_the_version_that_they_report() -> None:
    directories = [path for path in usual_directories() if "embedded" in str(path)]
    tools = PostgresTools({"17": directories[0]}, usual=list)
    assert await tools.majors() == (18,)


async def test_tools_without_tls_are_not_used_where_tls_is_asked_for() -> None:
    without = [path for path in usual_directories() if "embedded" in str(path)]
    with pytest.raises(ToolsMissingError, match="without TLS"):
        await PostgresTools({}, usual=lambda: without).directory(18, tls=True)
    assert await TOOLS.directory(17, tls=True)


async def test_a_server_with_a_trusted_certificate_is_verified_in_full(postgres17_tls: PostgresSettings) -> None:
    with app_database(postgres17_tls) as app:
        report = await check(app)
        assert passed(report.findings)
        assert report.server_version
        assert report.server_version.startswith("17.")


async def test_a_certificate_that_nobody_signed_is_refused(postgres17_tls: PostgresSettings, tmp_path: Path) -> None:
    with app_database(postgres17_tls) as app:
        report = await check(app, ca_file=None)
        assert {finding.code for finding in report.findings} == {"DATABASE_UNREACHABLE"}
        assert "certificate" in report.findings[0].message
        assert passed((await check(app, ca_file=None, sslmode=SslMode.REQUIRE)).findings)


async def test_a_server_without_tls_refuses_who_asks_for_it(app: AppDatabase) -> None:
    report = await check(app, sslmode=SslMode.REQUIRE)
    assert "TLS" in str(report.findings) or "SSL" in str(report.findings)
    assert not passed(report.findings)


def test_the_tests_leave_no_roles(postgres: PostgresSettings) -> None:
    with app_database(postgres) as app:
        name = app.name
    assert execute(postgres, f"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%'") == "0"  # noqa: S608 -- ours

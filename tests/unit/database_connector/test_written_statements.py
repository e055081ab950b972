"""Which statements of a sent dump are those that pg_dump writes."""

import pytest

from services.platform.archives.dump.texts import Texts
from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.connectors.database.loading.contents import Contents, Entry, Kind
from services.platform.connectors.database.loading.statements import split
from services.platform.connectors.database.loading.written import (
    LONGEST_CHARACTERS,
    refuse_other_entries,
    refuse_other_statements,
)


def look_at(kind: str, definition: str = "", copies: str = "", *, has_data: bool = False) -> None:
    loaded = Entry(1, "1; 0 0 X", kind, Kind.ORDINARY, frozenset())
    refuse_other_entries([Texts(1, kind, definition, copies, has_data)], Contents([loaded], "shop", 18, 18))


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("TABLE", "CREATE TABLE public.a (b text DEFAULT '; DROP DATABASE shop');\n"),
        ("TABLE", "CREATE TABLE public.a (b int);\nALTER TABLE ONLY public.a ALTER COLUMN b SET STATISTICS 5;\n"),
        ("TRIGGER", "\nALTER TABLE public.a DISABLE TRIGGER t;\n"),
        ("COMMENT", "COMMENT ON TABLE public.a IS 'DROP DATABASE shop; it''s';\n"),
        ("FUNCTION", "CREATE FUNCTION f() RETURNS int\n    BEGIN ATOMIC\n SELECT 1;\n END;\n"),
        ("FUNCTION", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql\n    AS $$ BEGIN DROP TABLE a; END $$;\n"),
        ("RULE", "CREATE RULE r AS ON INSERT TO a DO ( DELETE FROM b;\n NOTIFY x;\n);\n"),
        ("SEQUENCE SET", "SELECT pg_catalog.setval('public.s', 5, true);\n"),
        ("BLOB METADATA", "4711\n4712\n"),
        ("TABLE DATA", '-- load via partition root "app"."visit"'),
        ("SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n"),
    ],
)
def test_what_pg_dump_writes_is_known(kind: str, definition: str) -> None:
    look_at(kind, definition)


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("TABLE", "DROP DATABASE shop;\n"),
        ("TABLE", " CREATE TABLE a (b int);\n"),
        ("TABLE", "create table a (b int);\n"),
        ("TABLE", "CREATE\tTABLE a (b int);\n"),
        ("TABLE", "CREATE TABLE a (b int); SELECT 1;\n"),
        ("TABLE", "CREATE TABLESPACE a LOCATION '/';\n"),
        ("TABLE", "CREATE DATABASE a;\n"),
        ("FUNCTION", "CREATE FUNCTION f() RETURNS int RETURN 1; ALTER ROLE ada SUPERUSER;\n"),
        ("COMMENT", "COMMENT ON DATABASE shop IS 'x';\n"),
        ("COMMENT", "COMMENT ON /**/ DATABASE shop IS 'x';\n"),
        ("SEQUENCE SET", "SELECT pg_terminate_backend(1);\n"),
        ("SEARCHPATH", "SELECT pg_catalog.set_config('search_path', 'evil', false);\n"),
        ("TABLE DATA", "-- load via partition root a\nDROP DATABASE shop"),
        ("BLOB COMMENTS", ""),
        ("TABLE\nDROP DATABASE shop", ""),
        ("TABLE", "CREATE TABLE a (b int);" + LONGEST_CHARACTERS * " "),
    ],
)
def test_anything_else_is_refused(kind: str, definition: str) -> None:
    with pytest.raises(UnsupportedContentError, match="pg_dump"):
        look_at(kind, definition)


@pytest.mark.parametrize(
    "copies", ['COPY "a;b"."c""d" (e, "F g") FROM stdin;\n', "COPY public.a  FROM stdin;\n", "COPY a (b) FROM stdin;\n"]
)
def test_rows_come_by_copy(copies: str) -> None:
    look_at("TABLE DATA", copies=copies, has_data=True)


@pytest.mark.parametrize(
    ("kind", "copies"),
    [
        ("TABLE DATA", ""),
        ("TABLE DATA", "COPY a FROM PROGRAM 'x';\n"),
        ("TABLE DATA", "COPY a FROM stdin; DROP TABLE a;\n"),
        ("TABLE DATA", "DROP DATABASE shop;\n"),
        ("TABLE", "COPY a FROM stdin;\n"),
    ],
)
def test_and_by_nothing_else(kind: str, copies: str) -> None:
    with pytest.raises(UnsupportedContentError):
        look_at(kind, copies=copies, has_data=True)


@pytest.mark.parametrize(
    ("sql", "known"),
    [
        ("GRANT SELECT(id) ON TABLE a TO b", True),
        ("REVOKE ALL ON FUNCTION f() FROM PUBLIC", True),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO b", True),
        ("CREATE POLICY p ON a USING (true)", True),
        ("GRANT ALL ON DATABASE shop TO b", False),
        ("GRANT a TO b", False),
        ("ALTER ROLE a SUPERUSER", False),
        ("DROP DATABASE shop", False),
    ],
)
def test_statements_that_are_run_by_themselves(sql: str, known: bool) -> None:  # noqa: FBT001 -- a case
    if known:
        refuse_other_statements(split(sql))
        return
    with pytest.raises(UnsupportedContentError, match="pg_dump does not write"):
        refuse_other_statements(split(sql))

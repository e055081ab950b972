"""What a dump says it holds."""

import pytest

from services.platform.connectors.database.loading.contents import Kind, as_list, parse
from services.platform.connectors.database.loading.load import failure, reason
from services.platform.process.errors import TransientError

LISTING = """\
;
; Archive created at 2026-11-24 00:46:09 UTC
;     dbname: shop of "ours"
;     Dumped from database version: 17.10
;     Dumped by pg_dump version: 18.6
;
2830; 1262 16388 DATABASE - shop of "ours" prod role
10; 2615 16518 SCHEMA - Zürich prod
2832; 0 0 ACL - DATABASE shop of "ours" prod
2831; 0 0 ACL - SCHEMA "Zürich" prod
3; 3079 16519 EXTENSION - citext\x20
;\tdepends on: 10
2833; 0 0 COMMENT - EXTENSION citext\x20
;\tdepends on: 3
4; 3079 16519 EXTENSION - dblink\x20
225; 1259 16633 TABLE public customer prod
;\tdepends on: 3 10 3 10
2817; 0 16633 TABLE DATA public customer prod
;\tdepends on: 225
2651; 0 0 TABLE ATTACH public part_1 prod
2808; 3256 16663 POLICY public customer pub prod
2844; 0 0 COMMENT public POLICY pub ON customer prod
2810; 6104 16669 PUBLICATION - pp prod
2813; 6106 16670 PUBLICATION TABLE public pp customer prod
2650; 3466 16673 EVENT TRIGGER - evt postgres
2845; 0 0 COMMENT - EVENT TRIGGER evt postgres
2900; 6100 1 SUBSCRIPTION - sub postgres
2837; 0 0 USER MAPPING - USER MAPPING gone SERVER srv prod
2272; 826 16665 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES prod
"""


def test_entries_are_sorted_by_what_has_to_become_of_them() -> None:
    contents = parse(LISTING)
    counts = {kind: len(contents.of(kind)) for kind in Kind if contents.of(kind)}
    assert counts == {
        Kind.ORDINARY: 3,
        Kind.SCHEMA: 1,
        Kind.EXTENSION: 3,
        Kind.GRANT: 2,
        Kind.POLICY: 2,
        Kind.USER_MAPPING: 1,
        Kind.PUBLICATION: 2,
        Kind.EVENT_TRIGGER: 2,
        Kind.SUBSCRIPTION: 1,
        Kind.DATABASE: 2,
    }
    assert contents.table_count == 1


def test_a_dump_knows_its_servers_and_its_owner() -> None:
    contents = parse(LISTING)
    assert (contents.server_major, contents.tools_major) == (17, 18)
    assert contents.owner == "prod role"


def test_an_extension_knows_what_needs_it() -> None:
    contents = parse(LISTING)
    extensions = contents.extensions()
    assert list(extensions) == ["citext", "dblink"]
    needing = [entry.what for entry in contents.dependents(extensions["citext"])]
    assert needing == ["TABLE public customer prod", "TABLE DATA public customer prod"]
    assert contents.dependents(extensions["dblink"]) == []


def test_a_list_is_given_back_as_it_came() -> None:
    contents = parse(LISTING)
    assert as_list(contents.of(Kind.SCHEMA)) == "10; 2615 16518 SCHEMA - Zürich prod\n"


def test_something_else_is_no_list() -> None:
    with pytest.raises(ValueError, match="no database"):
        parse("something else")


def test_a_reason_cites_no_row_and_no_statement() -> None:
    words = """pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 2817; 0 16633 TABLE DATA customer prod
pg_restore: error: COPY failed for table "customer": ERROR:  duplicate key value violates unique constraint "k"
DETAIL:  Key (email)=(a@b.c) already exists.
CONTEXT:  COPY customer, line 3: "3 a@b.c"
Command was: COPY customer (email) FROM stdin;"""
    assert "a@b.c" not in reason(words)
    assert "duplicate key" in reason(words)
    assert "TOC entry 2817" in reason(words)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('pg_restore: error: could not extend file "base/1": No space left on device', "NO_SPACE"),
        ("pg_restore: error: permission denied for schema x", "MISSING_RIGHTS"),
        ("pg_restore: error: syntax error", "LOAD_FAILED"),
        ("", "LOAD_FAILED"),
    ],
)
def test_a_failure_has_a_code(words: str, code: str) -> None:
    assert failure(words).code == code


def test_a_broken_connection_is_worth_another_try() -> None:
    assert isinstance(failure("pg_restore: error: server closed the connection unexpectedly"), TransientError)

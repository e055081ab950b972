"""What a dump's statements become on another server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.connectors.database.loading.foreign import extensions_alone, schemas_alone
from services.platform.connectors.database.loading.roles import adapt
from services.platform.connectors.database.loading.statements import Statement, split, unquoted
from services.platform.connectors.database.quoting import identifier, literal

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00")
NAMES = st.text(CHARACTERS, min_size=1)
TEXTS = st.text(CHARACTERS)
ROLES = {"owner": "theirs", "Läser; x": "reader", "audit": "audit"}


def one(script: str) -> Statement:
    (statement,) = split(script)
    return statement


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GRANT SELECT ON TABLE public.a TO audit;", 'GRANT SELECT ON TABLE public.a TO "audit"'),
        (
            'GRANT SELECT(b),UPDATE(b) ON TABLE public." TO x" TO "Läser; x" WITH GRANT OPTION;',
            'GRANT SELECT(b),UPDATE(b) ON TABLE public." TO x" TO "reader" WITH GRANT OPTION',
        ),
        ("REVOKE ALL ON SCHEMA public FROM PUBLIC;", "REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        ("REVOKE ALL ON TABLE public.a FROM owner;", 'REVOKE ALL ON TABLE public.a FROM "theirs"'),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT ALL ON TABLES TO audit;",
            'ALTER DEFAULT PRIVILEGES FOR ROLE "theirs" IN SCHEMA public GRANT ALL ON TABLES TO "audit"',
        ),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;",
            'ALTER DEFAULT PRIVILEGES FOR ROLE "theirs" REVOKE ALL ON FUNCTIONS FROM PUBLIC',
        ),
        (
            "CREATE POLICY p ON public.a FOR SELECT TO audit, owner USING ((b <> ' TO gone'::text));",
            'CREATE POLICY p ON public.a FOR SELECT TO "audit", "theirs" USING ((b <> \' TO gone\'::text))',
        ),
        ("CREATE POLICY p ON public.a USING (true);", "CREATE POLICY p ON public.a USING (true)"),
        ("CREATE USER MAPPING FOR audit SERVER s;", 'CREATE USER MAPPING FOR "audit" SERVER s'),
        ("COMMENT ON POLICY p ON public.a IS 'for TO gone';", "COMMENT ON POLICY p ON public.a IS 'for TO gone'"),
    ],
)
def test_a_statement_speaks_of_the_roles_of_the_destination(before: str, after: str) -> None:
    adapted = adapt(one(before), ROLES)
    assert adapted.statement is not None
    assert adapted.statement.sql == after
    assert adapted.missing == ()


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT ON TABLE public.a TO gone;",
        "REVOKE ALL ON TABLE public.a FROM gone;",
        "ALTER DEFAULT PRIVILEGES FOR ROLE gone GRANT ALL ON TABLES TO audit;",
        "CREATE USER MAPPING FOR gone SERVER s;",
        "CREATE POLICY p ON public.a TO gone USING (true);",
    ],
)
def test_a_statement_of_a_role_that_is_missing_is_not_said_and_the_role_named(statement: str) -> None:
    adapted = adapt(one(statement), ROLES)
    assert adapted.statement is None
    assert adapted.missing == ("gone",)


@pytest.mark.parametrize("listed", ["gone, audit", "audit, gone", "gone, audit, lost"])
def test_a_policy_does_without_the_roles_that_are_missing(listed: str) -> None:
    adapted = adapt(one(f"CREATE POLICY p ON public.a TO {listed} USING (true);"), ROLES)
    assert adapted.statement is not None
    assert "".join(adapted.statement.sql.split()) == 'CREATEPOLICYpONpublic.aTO"audit"USING(true)'
    assert "gone" in adapted.missing


def test_semicolons_in_quotes_end_no_statement() -> None:
    script = """
\\restrict abc
-- a comment; with one
SELECT ';', E'\\';', $x$;$x$, $$;$$, ";"";" /* ; */;
SELECT 2;
\\unrestrict abc
"""
    assert [statement.begins("SELECT") for statement in split(script)] == [True, True]


@given(NAMES)
def test_any_name_survives_quoting(name: str) -> None:
    statement = one(f"GRANT SELECT ON TABLE {identifier(name)} TO {identifier(name)};")
    adapted = adapt(statement, {name: "reader"})
    assert unquoted(statement.tokens[statement.places[4]]) == name
    assert adapted.statement is not None
    assert adapted.statement.sql.endswith('TO "reader"')


@given(TEXTS)
def test_any_text_stays_one_token(text: str) -> None:
    assert len(one(f"SELECT {literal(text)};").places) == 2


@given(NAMES)
def test_a_foreign_schema_is_made_by_its_name_alone(name: str) -> None:
    (made,) = schemas_alone(split(f"--\nCREATE  SCHEMA {identifier(name)};"))
    assert made.sql == f"CREATE SCHEMA {identifier(name)}"


def test_a_foreign_extension_is_made_by_its_name_and_its_schema_alone() -> None:
    script = "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public; COMMENT ON EXTENSION hstore IS 'x';"
    (made,) = extensions_alone(split(script))
    assert made.sql == 'CREATE EXTENSION IF NOT EXISTS "hstore" WITH SCHEMA "public"'


@pytest.mark.parametrize(
    "script",
    [
        "DO $$BEGIN END$$;",
        "CREATE SCHEMA a CREATE VIEW v AS SELECT 1;",
        "CREATE SCHEMA AUTHORIZATION b;",
        "ALTER DATABASE shop SET search_path = evil;",
        "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public VERSION '1.0' CASCADE;",
        "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA 'public';",
    ],
)
def test_what_else_makes_a_schema_or_an_extension_of_a_foreign_dump_is_refused(script: str) -> None:
    with pytest.raises(UnsupportedContentError, match="pg_dump does not write"):
        schemas_alone(split(script))
    with pytest.raises(UnsupportedContentError, match="pg_dump does not write"):
        extensions_alone(split(script))

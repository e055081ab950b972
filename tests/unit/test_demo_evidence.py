"""The rules of the demo's comparison: every difference is named, and the report's names are checked."""

from contracts.values import Warning  # noqa: A004 -- the product's word
from infra.demo.evidence import Evidence, Fact, Kind, Subject, compare
from infra.demo.references import References, misreported
from infra.demo.witnesses import definitions, renamed, without_strays

ORDERS = Subject(Kind.TABLE, "sales.order")
VIEW = Subject(Kind.STRUCTURE, "VIEW sales.open")
DOCUMENT = Subject(Kind.DOCUMENT, "0a/1b/0a1b4d54-0000-4000-8000-000000000000")
HELD: Evidence = {
    ORDERS: Fact(110_000, "00ff" * 8),
    VIEW: Fact(None, "CREATE VIEW sales.open AS\n SELECT 1;"),
    DOCUMENT: Fact(12, "ab" * 32),
}
PLAIN = """
--
-- Name: sales; Type: SCHEMA; Schema: -; Owner: me
--

\\restrict nonsense
CREATE SCHEMA sales;


ALTER SCHEMA sales OWNER TO me;

--
-- Name: EXTENSION citext; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION citext IS 'text';
"""


def test_equal_evidence_has_no_difference() -> None:
    assert compare(HELD, dict(HELD)) == ()


def test_a_difference_names_the_thing_what_was_expected_and_what_is_there() -> None:
    (difference,) = compare(HELD, {**HELD, ORDERS: Fact(109_999, "11ee" * 8)})

    assert str(difference) == (
        "table sales.order differs: 110,000 (00ff00ff00ff00ff…) were backed up, 109,999 (11ee11ee11ee11ee…) are there"
    )


def test_what_is_missing_and_what_is_too_much_are_told_apart() -> None:
    other = Subject(Kind.LARGE_OBJECT, "16400")
    found = {ORDERS: HELD[ORDERS], VIEW: HELD[VIEW], other: Fact(1, "00")}

    assert list(map(str, compare(HELD, found))) == [
        "large object 16400 does not belong there" if subject == other else f"document {DOCUMENT.name} is missing"
        for subject in sorted((other, DOCUMENT))
    ]


def test_of_a_definition_only_the_changed_lines_are_told() -> None:
    (difference,) = compare(HELD, {**HELD, VIEW: Fact(None, "CREATE VIEW sales.open AS\n SELECT 2;")})

    assert str(difference) == "structure VIEW sales.open differs: - SELECT 1; + SELECT 2;"


def test_plain_text_of_a_dump_is_told_apart_by_object() -> None:
    assert definitions(PLAIN) == {
        "SCHEMA sales": "owner me\nCREATE SCHEMA sales;\nALTER SCHEMA sales OWNER TO me;",
        "COMMENT EXTENSION citext": "owner -\nCOMMENT ON EXTENSION citext IS 'text';",
    }


def test_the_roles_of_a_policy_may_be_told_in_any_order() -> None:
    told = "CREATE POLICY p ON office.task FOR SELECT TO {} USING ((id >= 0)) WITH CHECK ((id > 1));\n-- end"
    roles = {"shop_owner": "(owner)", "shop_reader": "(reader)"}
    first, second = (renamed(told.format(some), roles) for some in ("shop_reader, clerk", "clerk, shop_reader"))
    assert first == second == told.format("(reader), clerk")
    assert renamed("CREATE POLICY p ON t TO z, b;", roles) == "CREATE POLICY p ON t TO b, z;"
    assert renamed("GRANT SELECT ON t TO z, shop_owner;", roles) == "GRANT SELECT ON t TO z, (owner);"


def test_a_file_that_is_named_by_no_uuid_is_no_document() -> None:
    assert without_strays({**HELD, Subject(Kind.DOCUMENT, "leftover.tmp"): Fact(1, "00")}) == HELD


def test_a_report_that_names_what_is_so_is_right() -> None:
    warnings = [_warning("DANGLING_REFERENCES", "a", "b"), _warning("ORPHAN_DOCUMENTS", "c")]

    assert list(misreported(References(("a", "b"), ("c",)), warnings)) == []


def test_a_report_that_is_silent_or_wrong_is_told_so() -> None:
    warnings = [_warning("DANGLING_REFERENCES", "a", "c")]

    assert list(misreported(References(("a", "b"), ("c",)), warnings)) == [
        "the report says that these are dangling references, and they are not: c",
        "the report does not name these dangling references: b",
        "there are 1 orphans, the report counts 0",
        "the report does not name these orphans: c",
    ]


def test_a_report_need_not_name_more_than_ten() -> None:
    many = tuple(f"{n:03}" for n in range(30))
    warning = _warning("ORPHAN_DOCUMENTS", *many[:10]).model_copy(update={"count": 30})

    assert list(misreported(References((), many), [warning])) == []


def _warning(code: str, *examples: str) -> Warning:
    return Warning(code=code, message="", count=len(examples), examples=examples)

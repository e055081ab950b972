"""The sample app is what it says: real kinds of data, whole or not at all, the same every time."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from infra.demo.evidence import Evidence, Kind, of_kind
from infra.demo.witnesses import look
from infra.sample import Sample, SampleGround, make_sample
from infra.sample.documents import STRAY, place
from infra.sample.plan import planned_documents
from infra.sample.registration import DOCUMENTS_QUERY
from services.platform.process.settings import PostgresSettings
from tests.support.databases import execute
from tests.support.samples import SMALL, sample_ground, small_sample
from tests.support.tls_engines import SECOND_MAJOR_WHEEL

TYPES = """
    bigint boolean bytea character citext date daterange datemultirange "double precision" hstore inet cidr int4range
    integer interval json jsonb jsonpath ltree macaddr name numeric nummultirange oid point polygon real smallint text
    "time without time zone" "time with time zone" "timestamp with time zone" "timestamp without time zone" tstzrange
    tstzmultirange tsvector uuid "bit varying" text[] integer[] real[] warehouse.dimensions[] sales.order_state
    sales.positive_amount sales.postal_address warehouse.temperature_range
"""
KINDS = {
    "ACL", "AGGREGATE", "COLLATION", "COMMENT", "CONSTRAINT", "DEFAULT ACL", "DOMAIN", "EXTENSION", "FK CONSTRAINT",
    "FUNCTION", "INDEX", "MATERIALIZED VIEW", "OPERATOR", "POLICY", "PROCEDURE", "ROW SECURITY", "RULE", "SCHEMA",
    "SEQUENCE", "STATISTICS", "TABLE", "TABLE ATTACH", "TEXT SEARCH CONFIGURATION", "TRIGGER", "TYPE", "VIEW",
}  # fmt: skip
MADE_WHEN = {"office.attachment", "office.audit_log"}
"""Tables with OIDs of large objects, or with the time of the making."""


@pytest.fixture(scope="module")
def ground(postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory) -> SampleGround:
    return sample_ground(postgres, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def sample(ground: SampleGround) -> Iterator[Sample]:
    with small_sample(ground) as made:
        yield made


@pytest.fixture(scope="module")
def production(sample: Sample) -> Evidence:
    return look(sample.production)


def test_the_sample_has_the_types_that_people_use(sample: Sample) -> None:
    used = sample.production.psql.query(
        "SELECT DISTINCT format_type(atttypid, NULL) FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid"
        " WHERE attnum > 0 AND relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_)'"
    ).splitlines()

    wanted = {word.strip('"') for word in _words(TYPES)}
    assert wanted - set(used) == set()


def test_the_sample_has_the_kinds_of_things_that_people_make(production: Evidence) -> None:
    made = {name for name, _ in of_kind(production, Kind.STRUCTURE)}

    assert {kind for kind in KINDS if not any(name.startswith(f"{kind} ") for name in made)} == set()
    assert sum(fact.size is not None for _, fact in of_kind(production, Kind.TABLE)) >= 20
    assert ("sales.ticket_number", "7351 given") in {(n, fact.value) for n, fact in of_kind(production, Kind.SEQUENCE)}


def test_the_samples_rows_refer_to_documents_but_for_three_dangling_and_seven_orphans(sample: Sample) -> None:
    rows = sample.production.psql.query(DOCUMENTS_QUERY).splitlines()
    sizes = {place(UUID(document_id)): size for document_id, size in (row.split("\t") for row in rows)}
    files = {str(path.relative_to(sample.production.documents)): path for path in _files(sample.production.documents)}

    assert len(rows) == len(sizes)
    assert len(sizes.keys() - files.keys()) == 3
    assert len(files.keys() - sizes.keys() - {STRAY}) == 7
    assert all(files[name].stat().st_size == int(size) for name, size in sizes.items() if size and name in files)


def test_the_full_samples_documents_are_more_than_five_thousand() -> None:
    planned = list(planned_documents(1))

    assert sum(document.has_file and document.has_row for document in planned) >= 5_000
    assert len({document.document_id for document in planned}) == len(planned)
    assert min(document.size_bytes for document in planned) == 0
    assert 60e6 < sum(document.size_bytes for document in planned) < 150e6


def test_the_sample_is_the_same_every_time(production: Evidence, postgres: PostgresSettings, tmp_path: Path) -> None:
    with small_sample(sample_ground(postgres, tmp_path)) as another:
        again = look(another.production)

    assert _comparable(production) == _comparable(again)


def test_making_the_sample_again_changes_nothing(sample: Sample, ground: SampleGround, production: Evidence) -> None:
    assert make_sample(ground, scale=SMALL) == sample
    assert look(sample.production) == production


def test_acceptance_is_empty_and_belongs_to_another_role(sample: Sample) -> None:
    acceptance = look(sample.acceptance)

    assert list(of_kind(acceptance, Kind.TABLE)) == list(of_kind(acceptance, Kind.DOCUMENT)) == []
    assert sample.acceptance.names.owner != sample.production.names.owner


def test_no_role_of_the_sample_is_a_superuser_and_only_the_provisioner_makes_databases(
    sample: Sample, postgres: PostgresSettings
) -> None:
    said = execute(postgres, "SELECT rolname || ' ' || rolsuper || ' ' || rolcreatedb FROM pg_roles")
    roles = [role for role in said.splitlines() if role.startswith(sample.names.app)]

    assert len(roles) == 6
    assert [role for role in roles if "true" in role] == [f"{sample.names.provisioner} false true"]


def test_what_an_interrupted_making_left_is_made_anew(postgres: PostgresSettings, tmp_path: Path) -> None:
    ground = sample_ground(postgres, tmp_path)
    execute(postgres, f"CREATE DATABASE {ground.names.production.database}_unfinished")
    (ground.documents / "production" / "00").mkdir(parents=True)
    with small_sample(ground) as sample:
        evidence = look(sample.production)

    assert sum(1 for _ in of_kind(evidence, Kind.TABLE)) > 20
    assert not (ground.documents / "production" / "00").exists() or _files(ground.documents / "production" / "00")


def test_the_sample_can_be_made_on_an_older_major_over_tls(postgres17_tls: PostgresSettings, tmp_path: Path) -> None:
    with small_sample(sample_ground(postgres17_tls, tmp_path, SECOND_MAJOR_WHEEL)) as sample:
        tables = [name for name, _ in of_kind(look(sample.production), Kind.TABLE)]

    assert len(tables) >= 20
    assert "sales.subscription" not in tables


def _comparable(evidence: Evidence) -> Evidence:
    return {
        subject: fact
        for subject, fact in evidence.items()
        if subject.kind in {Kind.TABLE, Kind.SEQUENCE, Kind.DOCUMENT} and subject.name not in MADE_WHEN
    }


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def _words(text: str) -> list[str]:
    quoted = text.split('"')
    return [word for n, part in enumerate(quoted) for word in ([part] if n % 2 else part.split())]

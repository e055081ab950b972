"""The demo's comparison sees every difference and names it, and sees none where there is none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.demo.evidence import Difference, Evidence, Kind, compare
from infra.demo.witnesses import look
from infra.sample import Sample, SampleEnvironment, SampleGround
from infra.sample.alterations import alter
from infra.sample.documents import STRAY
from services.platform.process.settings import PostgresSettings
from tests.support.samples import clone, restored_by_hand, sample_ground, small_sample

Flip = Callable[[SampleEnvironment], object]


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


def _sql(statement: str) -> Flip:
    return lambda environment: environment.psql.query(statement)


def _document(environment: SampleEnvironment) -> Path:
    return next(path for path in sorted(environment.documents.rglob("*-*-*")) if path.stat().st_size)


def _flip_a_byte(environment: SampleEnvironment) -> None:
    document = _document(environment)
    data = bytearray(document.read_bytes())
    data[-1] ^= 1
    document.write_bytes(data)


FLIPS: dict[str, tuple[Flip, str]] = {
    "a bit of a number": (
        _sql("UPDATE sales.order_line SET unit_price = unit_price + 0.0001 WHERE order_id = 77 AND line_no = 1"),
        "table sales.order_line differs",
    ),
    "a missing row": (
        _sql("DELETE FROM warehouse.movement_other WHERE ctid = '(0,1)'"),
        "table warehouse.movement_other differs",
    ),
    "a row twice": (
        _sql("INSERT INTO office.climate SELECT * FROM office.climate LIMIT 1"),
        "table office.climate differs",
    ),
    "two values exchanged": (
        _sql("UPDATE office.task SET title = 'Task ' || 3 - id WHERE id IN (1, 2)"),
        "table office.task differs",
    ),
    "an empty text for NULL": (
        _sql("""UPDATE "Büro"."Überweisung" SET "Empfänger" = '' WHERE "Nr." = 3"""),
        "table Büro.Überweisung differs",
    ),
    "a byte of a bytea": (
        _sql("UPDATE office.photo SET pixels = set_byte(pixels, 9999, 1 # get_byte(pixels, 9999)) WHERE id = 4"),
        "table office.photo differs",
    ),
    "a stale materialised view": (
        _sql('UPDATE sales."order" SET total = 0 WHERE id = 5; REFRESH MATERIALIZED VIEW sales.turnover'),
        "table sales.turnover differs",
    ),
    "a byte of a large object": (
        _sql("SELECT lo_put(content, 4000, '\\x00') FROM office.attachment WHERE id = 5"),
        "large object ",
    ),
    "a missing large object": (_sql("SELECT lo_unlink(content) FROM office.attachment WHERE id = 6"), "is missing"),
    "a sequence one further": (_sql("SELECT nextval('office.never_used')"), "sequence office.never_used differs"),
    "a sequence's next value": (
        _sql("SELECT setval('warehouse.gate_number', 7, false)"),
        "sequence warehouse.gate_number differs",
    ),
    "a missing view": (_sql('DROP VIEW "Büro"."Überblick"'), "structure VIEW Büro.Überblick is missing"),
    "a policy's condition": (
        _sql("ALTER POLICY everybody_sees_done ON office.task USING (NOT done)"),
        "structure POLICY office.task everybody_sees_done differs",
    ),
    "a grant less": (
        _sql("REVOKE ALL ON PROCEDURE office.close_tasks(integer[]) FROM PUBLIC"),
        "ACL office.PROCEDURE close_tasks",
    ),
    "a trigger awake": (
        _sql("ALTER TABLE office.setting ENABLE TRIGGER asleep"),
        "structure TRIGGER office.setting asleep differs",
    ),
    "a comment": (_sql("COMMENT ON INDEX sales.customer_in_debt IS 'other'"), "COMMENT sales.INDEX customer_in_debt"),
    "a missing index": (_sql("DROP INDEX sales.order_placed"), "structure INDEX sales.order_placed is missing"),
    "a bit of a document": (_flip_a_byte, "document "),
    "a missing document": (lambda environment: _document(environment).unlink(), "is missing"),
    "a file too many": (
        lambda environment: (environment.documents / "extra").touch(),
        "document extra does not belong there",
    ),
}


@pytest.mark.parametrize("name", FLIPS)
def test_a_difference_is_seen_and_named(
    name: str, sample: Sample, production: Evidence, ground: SampleGround, tmp_path: Path
) -> None:
    flip, sentence = FLIPS[name]
    with clone(ground, sample.production, tmp_path) as copy:
        flip(copy)
        differences = compare(production, look(copy))

    assert differences
    assert any(sentence in str(difference) for difference in differences), list(map(str, differences))


def test_an_untouched_copy_has_no_difference(
    sample: Sample, production: Evidence, ground: SampleGround, tmp_path: Path
) -> None:
    with clone(ground, sample.production, tmp_path) as copy:
        assert compare(production, look(copy)) == ()


def test_a_dump_loaded_by_hand_has_no_difference(
    sample: Sample, production: Evidence, ground: SampleGround, tmp_path: Path
) -> None:
    with restored_by_hand(ground, sample.production, tmp_path / "dump") as restored:
        assert list(map(str, compare(production, look(restored)))) == []


def test_what_happens_after_a_backup_is_seen_in_every_kind_and_may_happen_twice(
    sample: Sample, production: Evidence, ground: SampleGround, tmp_path: Path
) -> None:
    with clone(ground, sample.production, tmp_path) as copy:
        alter(copy)
        altered = alter(copy)
        differences = compare(production, look(copy))

    assert {difference.subject.kind for difference in differences} == set(Kind)
    assert (altered.removed, altered.replaced, altered.added) == (20, 20, 20)
    assert any("is missing" in str(found) for found in _documents(differences))
    assert any("does not belong there" in str(found) for found in _documents(differences))
    assert STRAY not in {found.subject.name for found in differences}


def _documents(differences: tuple[Difference, ...]) -> list[Difference]:
    return [difference for difference in differences if difference.subject.kind is Kind.DOCUMENT]

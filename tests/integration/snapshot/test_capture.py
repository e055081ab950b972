"""Dump and documents of one instant, whatever happens to the documents meanwhile (spec: environments, "The backup")."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from contracts.events.backups import References
from contracts.manifest import CONTENT_BYTES
from services.platform.connectors.database.errors import ReferenceQueryError
from services.platform.connectors.files import (
    DocumentChangedError,
    DocumentsUnreachableError,
    stamps,
)
from services.platform.connectors.files.directory_reader import PIECE_BYTES
from services.platform.repository import read_dangling, small
from services.platform.repository.forms import Form, encoded
from services.snapshot import meter
from services.snapshot.capture import Captured
from services.snapshot.domain.warnings import warnings_of
from services.snapshot.reading import KEPT
from tests.support.capturing import Meddled, Place, QuietRun, settled

LARGE = 3 * 1024 * 1024


def warned(captured: Captured) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The warnings by code: how many, and which."""
    warnings = warnings_of(captured.met, captured.database.findings)
    return {warning.code: (warning.count, warning.examples) for warning in warnings}


async def test_every_document_is_stored_byte_for_byte(place: Place) -> None:
    contents = [b"", b"x", os.urandom(20_000), os.urandom(LARGE), os.urandom(CONTENT_BYTES + 1)]
    put = {place.put(content): content for content in contents}
    captured = await place.capture()
    assert await place.stored(captured) == put
    assert captured.files.count == captured.files.new_count == len(contents)
    assert captured.files.bytes == captured.files.new_bytes == sum(map(len, contents))
    assert warned(captured) == {}


async def test_none_of_many_documents_is_forgotten(place: Place) -> None:
    put = {place.put(number.to_bytes(4, "big") * 300) for number in range(KEPT + 77)}
    captured = await place.capture()
    assert set(await place.lines(captured)) == put
    assert captured.files.count == len(put)


async def test_the_dump_is_a_dump_and_its_numbers_are_true(place: Place) -> None:
    captured = await place.capture()
    dump = await place.content(captured.database.contents)
    assert dump.startswith(b"PGDMP")
    assert captured.database.bytes == len(dump)
    assert captured.database.tables == 1


async def test_a_line_tells_where_a_document_was(place: Place) -> None:
    document = place.put(b"content")
    line = (await place.lines(await place.capture()))[document]
    name = str(document)
    assert (line.place, line.size, line.referenced) == (f"{name[:2]}/{name[2:4]}/{name}", 7, True)


async def test_missing_documents_are_dangling_and_unreferenced_ones_orphans(place: Place) -> None:
    place.put(b"both")
    missing, without_size = uuid4(), uuid4()
    place.refer(missing, 5)
    place.refer(without_size, None)
    orphan = place.put(b"no row", row=False)
    captured = await place.capture()
    assert captured.references is References.PROVEN
    assert warned(captured) == {
        "DANGLING_REFERENCES": (2, tuple(sorted((str(missing), str(without_size))))),
        "ORPHAN_DOCUMENTS": (1, (str(orphan),)),
    }
    assert captured.files.dangling
    lists = [batch async for batch in read_dangling(place.repository, captured.files.dangling)]
    assert {line.id: line.size for batch in lists for line in batch} == {missing: 5, without_size: None}
    assert (await place.lines(captured))[orphan].referenced is False


async def test_without_a_query_nothing_is_proven(place: Place) -> None:
    document = place.put(b"x")
    place.refer(uuid4(), 5)
    captured = await place.capture(query=None)
    assert captured.references is References.UNPROVEN
    assert captured.files.dangling is None
    assert (await place.lines(captured))[document].referenced is None
    assert warned(captured) == {}


async def test_a_document_of_another_size_than_its_row_says_is_named(place: Place) -> None:
    document = place.put(b"x", row=False)
    place.refer(document, 99)
    assert warned(await place.capture()) == {"OTHER_SIZES": (1, (str(document),))}


async def test_what_is_no_document_is_named_and_left_alone(place: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not to be backed up")
    (place.documents / "notes.txt").write_text("stray")
    (place.documents / str(uuid4())).symlink_to(secret)
    os.mkfifo(place.documents / str(uuid4()))
    captured = await place.capture()
    assert captured.files.count == 0
    count, examples = warned(captured)["STRAY_FILES"]
    assert count == 3
    assert any(example.startswith("notes.txt: ") for example in examples)


async def test_of_two_files_of_one_uuid_one_is_kept_and_the_other_named(place: Place) -> None:
    document = place.put(b"where it belongs")
    (place.documents / str(document)).write_bytes(b"somewhere else")
    captured = await place.capture()
    assert captured.files.count == 1
    assert warned(captured)["DUPLICATE_DOCUMENTS"][0] == 1


async def test_rows_and_documents_added_after_the_snapshot_belong_to_the_next_backup(place: Place) -> None:
    early = place.put(b"early")
    late = uuid4()

    def meddle(documents: Meddled) -> None:
        documents.after_listing = lambda: place.refer(late, 1)

    captured = await place.capture(meddle=meddle)
    assert set(await place.stored(captured)) == {early}
    assert "DANGLING_REFERENCES" not in warned(captured)
    assert str(late).encode() not in await place.content(captured.database.contents)


async def test_a_document_that_vanishes_is_taken_from_the_previous_backup(place: Place) -> None:
    document = place.put(b"precious")
    previous = place.manifest(await place.capture())
    place.path(document).write_bytes(b"a new version, gone before it is read")

    def meddle(documents: Meddled) -> None:
        documents.after_listing = place.path(document).unlink

    captured = await place.capture(previous=previous, meddle=meddle)
    assert await place.stored(captured) == {document: b"precious"}
    assert set(warned(captured)) == {"VANISHED_TAKEN_FROM_PREVIOUS"}
    line = (await place.lines(captured))[document]
    assert (line.from_previous, line.settled) == (True, False)


async def test_a_document_that_vanishes_and_was_never_stored_is_named_as_missing(place: Place) -> None:
    document = place.put(b"too new")

    def meddle(documents: Meddled) -> None:
        documents.after_listing = place.path(document).unlink

    captured = await place.capture(meddle=meddle)
    assert await place.stored(captured) == {}
    told = warned(captured)
    assert told["DANGLING_REFERENCES"] == (1, (str(document),))
    assert told["VANISHED_DOCUMENTS"][0] == 1


async def test_a_document_that_changes_while_it_is_read_is_read_again(place: Place) -> None:
    document = place.put(b"a" * LARGE)

    def disturb(_place: str, times: int) -> None:
        if times < 3:
            place.path(document).write_bytes(b"%d" % times * LARGE)

    def meddle(documents: Meddled) -> None:
        documents.while_reading = disturb

    captured = await place.capture(meddle=meddle)
    assert await place.stored(captured) == {document: b"2" * LARGE}


async def test_a_document_that_changes_every_time_fails_the_backup(place: Place) -> None:
    document = place.put(b"a" * LARGE)

    def disturb(_place: str, times: int) -> None:
        place.path(document).write_bytes(b"%d" % times * LARGE)

    def meddle(documents: Meddled) -> None:
        documents.while_reading = disturb

    with pytest.raises(DocumentChangedError, match=str(document)) as failed:
        await place.capture(meddle=meddle)
    assert failed.value.code is FailureCode.DOCUMENT_CHANGING


async def test_unchanged_documents_are_not_read_again(place: Place) -> None:
    put = {place.put(b"%d" % number): b"%d" % number for number in range(20)}
    await settled(place)
    previous = place.manifest(await place.capture())
    added = place.put(b"new")
    reads: list[str] = []

    def meddle(documents: Meddled) -> None:
        documents.reads = reads

    captured = await place.capture(previous=previous, meddle=meddle)
    assert reads == [str(place.path(added).relative_to(place.documents))]
    assert await place.stored(captured) == put | {added: b"new"}
    assert (captured.files.count, captured.files.new_count, captured.files.new_bytes) == (21, 1, 3)


@pytest.mark.parametrize("how", ["rewritten", "replaced"])
async def test_a_change_that_hides_behind_size_and_mtime_is_found(place: Place, how: str) -> None:
    document = place.put(b"before")
    await settled(place)
    previous = place.manifest(await place.capture())
    path = place.path(document)
    status = path.stat()
    if how == "replaced":
        (path.parent / "other").write_bytes(b"after!")
        (path.parent / "other").rename(path)
    else:
        path.write_bytes(b"after!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    captured = await place.capture(previous=previous, list_all=how == "rewritten")
    assert await place.stored(captured) == {document: b"after!"}
    assert captured.files.new_count == 1
    assert ("CHANGED_UNNOTICED" in warned(captured)) is (how == "rewritten")


async def test_a_document_changed_within_the_clocks_resolution_of_its_backup_is_read_again(place: Place) -> None:
    document = place.put(b"fresh")

    def just_changed(documents: Meddled) -> None:
        documents.before_listing = place.path(document).touch

    captured = await place.capture(meddle=just_changed)
    assert not (await place.lines(captured))[document].settled
    reads: list[str] = []

    def meddle(documents: Meddled) -> None:
        documents.reads = reads

    await place.capture(previous=place.manifest(captured), meddle=meddle)
    assert len(reads) == 1


async def test_a_removed_document_is_in_the_old_backup_only(place: Place) -> None:
    document = place.put(b"old", row=False)
    first = await place.capture()
    place.path(document).unlink()
    second = await place.capture(previous=place.manifest(first))
    assert await place.stored(first) == {document: b"old"}
    assert await place.stored(second) == {}


async def test_an_unreadable_previous_list_costs_time_and_not_the_backup(place: Place) -> None:
    document = place.put(b"x")
    previous = place.manifest(await place.capture())
    gone = previous.files.listing.model_copy(update={"contents": ("0" * 64,)})
    broken = previous.model_copy(update={"files": previous.files.model_copy(update={"listing": gone})})
    captured = await place.capture(previous=broken)
    assert await place.stored(captured) == {document: b"x"}
    assert "PREVIOUS_UNREADABLE" in warned(captured)


async def test_what_was_stored_is_not_stored_again_when_the_step_runs_again(place: Place) -> None:
    for number in range(10):
        place.put(os.urandom(10_000), UUID(int=number))
    assert (await place.capture()).files.stored_bytes > 100_000
    assert (await place.capture()).files.stored_bytes < 5_000  # the list says another time of rest


async def test_a_missing_directory_is_named(place: Place) -> None:
    place.documents.rename(place.documents.with_name("elsewhere"))
    with pytest.raises(DocumentsUnreachableError, match="documents"):
        await place.capture()


@pytest.mark.parametrize("query", ["SELECT 1", "SELECT nothing FROM nowhere", "DELETE FROM document"])
async def test_a_query_that_does_not_name_documents_fails_the_backup(place: Place, query: str) -> None:
    place.put(b"x")
    with pytest.raises(ReferenceQueryError) as failed:
        await place.capture(query=query)
    assert failed.value.code is FailureCode.REFERENCE_QUERY_FAILED
    assert place.database.run("SELECT count(*) FROM document") == "1"


async def test_progress_tells_bytes_and_documents(place: Place) -> None:
    for number in range(30):
        place.put(b"%d" % number * 1000)
    run = QuietRun()
    await place.capture(run=run)
    assert run.told
    assert all(told["bytes_total"] >= told["bytes_done"] > 0 for told in run.told)


async def test_a_document_moves_on_while_it_is_read_however_long_that_takes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "TELL_SECONDS", 0.0)
    size_bytes = len(place.path(place.put(b"x" * (5 * PIECE_BYTES))).read_bytes())
    run = QuietRun()
    await place.capture(run=run)
    under_way = [told for told in run.told if told["documents_total"] and not told["documents_done"]]
    assert len({told["bytes_done"] for told in under_way}) >= size_bytes // PIECE_BYTES
    last = run.told[-1]
    assert last["documents_done"] == last["documents_total"] == 1


async def test_a_backup_that_reads_all_finds_what_changed_behind_unchanged_stamps(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "stamp_of", lambda status: f"{status.st_size:x}")
    rotten, kept = place.put(b"before"), place.put(b"stays as it is")
    await settled(place)
    first = place.manifest(await place.capture())
    place.path(rotten).write_bytes(b"behind")
    await settled(place)
    second = await place.capture(previous=first)
    assert (await place.stored(second))[rotten] == b"before"
    reads, packed = list[Meddled](), list[bytes]()

    def seen(data: bytes) -> tuple[Form, bytes]:
        packed.append(data)
        return encoded(data)

    monkeypatch.setattr(small, "encoded", seen)
    third = await place.capture(previous=first, read_all=True, meddle=reads.append)
    assert len(reads[0].reads) == 2
    assert packed == [b"behind"]  # what is there already is only named
    assert await place.stored(third) == {rotten: b"behind", kept: b"stays as it is"}
    assert warned(third)["CHANGED_UNNOTICED"] == (1, (str(rotten),))
    assert third.files.new_count == 1
    assert "CHANGED_UNNOTICED" not in warned(await place.capture(previous=place.manifest(third), read_all=True))


async def test_names_of_documents_are_sorted_in_the_list(place: Place) -> None:
    put = [place.put(b"x", UUID(int=number << 64)) for number in (7, 3, 5, 1)]
    assert list(await place.lines(await place.capture())) == sorted(put)

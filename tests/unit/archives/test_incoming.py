"""Archives that somebody sent: what is right comes out whole, what is not is refused for its very reason."""

import gzip
import io
import stat
import tarfile
import warnings
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.platform.archives.incoming import (
    ArchiveRefusedError,
    DamagedArchiveError,
    Entry,
    HostileArchiveError,
    Limits,
    What,
    WrongFormatError,
    read_archive,
)
from services.platform.archives.tar import document_name
from tests.support.sent_archives import DOCUMENT, DUMP, FULL, METADATA, PLACE, special, tar, tar_gz, zipped

LIMITS = Limits()
SMALL = Limits(expansion=10, free_bytes=100_000, entries=50)
BEHIND = {"an absolute path": "/etc/passwd", "a path upwards": "../../etc/passwd", "a detour": f"tree/../{PLACE}"}


def unpacked(sent: bytes, limits: Limits = LIMITS) -> dict[Entry, bytes]:
    """What comes out of an archive."""
    found: dict[Entry, bytes] = {}
    entry: Entry | None = None
    for item in read_archive(io.BytesIO(sent), limits):
        if isinstance(item, Entry):
            entry = item
            assert entry not in found
            found[entry] = b""
        else:
            assert entry is not None
            found[entry] += item
    return found


WHOLE = {Entry(What.METADATA): METADATA, Entry(What.DUMP): DUMP, Entry(What.DOCUMENT, DOCUMENT): b"an invoice"}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_comes_out_whole_whichever_program_made_it(form: int) -> None:
    """Three dialects, one content."""
    assert unpacked(tar_gz(FULL, form=form)) == WHOLE


def test_a_zip_is_read_like_a_tar() -> None:
    """The same content."""
    assert unpacked(zipped(FULL)) == WHOLE


def test_a_dump_alone_is_one_entry() -> None:
    """Recognised by its first bytes."""
    assert unpacked(DUMP) == {Entry(What.DUMP): DUMP}


def test_extended_headers_that_only_tell_times_are_passed_over() -> None:
    """Python and BSD write them for fractions of seconds."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(PLACE)
        info.size, info.mtime = 2, 1.5
        archive.addfile(info, io.BytesIO(b"ok"))
    assert unpacked(gzip.compress(made.getvalue())) == {Entry(What.DOCUMENT, DOCUMENT): b"ok"}


def test_directories_and_a_leading_dot_mean_nothing() -> None:
    """As `tar -C dir .` writes them."""
    directories = [special(name, tarfile.DIRTYPE) for name in ("./", "./tree/", "./tree/0a", "./tree/0a/1b")]
    assert unpacked(tar_gz({f"./{PLACE}": b"x"}, *directories)) == {Entry(What.DOCUMENT, DOCUMENT): b"x"}


@pytest.mark.parametrize("name", BEHIND.values(), ids=BEHIND.keys())
def test_a_path_that_leads_outside_is_hostile(name: str) -> None:
    """In a tar, in a zip, and as a directory."""
    for sent in (tar_gz({name: b"x"}), zipped({name: b"x"}), tar_gz({}, special(name, tarfile.DIRTYPE))):
        with pytest.raises(HostileArchiveError, match="leads outside"):
            unpacked(sent)


def test_a_windows_path_is_hostile() -> None:
    """Nothing here takes a backslash for a separator, but whoever made this hoped so."""
    with pytest.raises(HostileArchiveError, match="leads outside"):
        unpacked(zipped({"tree\\..\\..\\evil": b"x"}))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "pipe"),
        (tarfile.GNUTYPE_SPARSE, "sparse"),
        (tarfile.CONTTYPE, "unknown type"),
    ],
)
def test_what_is_no_plain_file_is_hostile(kind: bytes, words: str) -> None:
    """Also under the name of a document."""
    with pytest.raises(HostileArchiveError, match=words):
        unpacked(tar_gz({}, special(PLACE, kind, "/etc/passwd")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_what_is_no_plain_file_is_hostile_in_a_zip_too(kind: int) -> None:
    """Its mode tells."""
    with pytest.raises(HostileArchiveError, match="link, a device or a pipe"):
        unpacked(zipped({PLACE: b"/etc/passwd"}, mode=kind | 0o777))


def test_an_extended_header_that_renames_a_file_is_hostile() -> None:
    """What one reader takes for a document another would write elsewhere."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(PLACE)
        info.pax_headers = {"path": "../../etc/passwd"}
        archive.addfile(info)
    with pytest.raises(HostileArchiveError, match="another name"):
        unpacked(gzip.compress(made.getvalue()))


@pytest.mark.parametrize("make", [tar_gz, zipped])
def test_a_bomb_that_says_its_size_is_refused_before_anything_comes_out(make: object) -> None:
    """Ten megabytes of zeros in some kilobytes."""
    assert callable(make)
    items = read_archive(io.BytesIO(make({PLACE: bytes(10_000_000)})), SMALL)
    with pytest.raises(HostileArchiveError, match=r"says that it holds more than .*: it is cut short, or .* a bomb"):
        next(items)


@pytest.mark.parametrize("make", [tar_gz, zipped])
def test_a_bomb_of_many_documents_is_refused_before_it_is_read_to_its_end(make: object) -> None:
    """Each of a size that may be."""
    assert callable(make)
    sent = make({document_name(UUID(int=number)): bytes(40_000) for number in range(5)})
    items, found = read_archive(io.BytesIO(sent), SMALL), list[Entry]()
    with pytest.raises(HostileArchiveError, match="bomb"):
        found.extend(item for item in items if isinstance(item, Entry))
    assert len(found) <= 2


def test_many_small_entries_are_a_bomb_too() -> None:
    """Each costs something, whatever its size."""
    with pytest.raises(HostileArchiveError, match="more than 50 entries"):
        unpacked(tar_gz({document_name(UUID(int=number)): b"" for number in range(51)}), SMALL)


def test_metadata_that_are_too_large_are_hostile() -> None:
    """They are read into memory."""
    with pytest.raises(HostileArchiveError, match="metadata are larger"):
        unpacked(tar_gz({".metadata": bytes(100_000)}))


@pytest.mark.parametrize("name", [".metadata", "db/db.backup"])
def test_a_name_that_comes_twice_is_hostile(name: str) -> None:
    """Two readers would take different ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = zipped([(name, b"PGDMP one"), (name, b"PGDMP two")])
    for sent in (both, tar_gz({name: b"PGDMP one", f"./{name}": b"PGDMP two"})):
        with pytest.raises(HostileArchiveError, match="twice"):
            unpacked(sent)


def test_something_behind_the_end_is_hostile() -> None:
    """Other readers would go on."""
    with pytest.raises(HostileArchiveError, match="hidden behind the end"):
        unpacked(gzip.compress(tar(FULL) + tar({"evil": b"x"})))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("etc/passwd", "outside the tree"),
        ("tree/0a/1b/passwd", "no UUID"),
        (f"tree/{DOCUMENT}", "belongs at"),
        (f"tree/ff/1b/{DOCUMENT}", "belongs at"),
        (f"tree/0A/1B/{str(DOCUMENT).upper()}", "no UUID in lower case"),
    ],
)
def test_a_name_that_is_no_documents_is_told(name: str, words: str) -> None:
    """With what it should have been."""
    for sent in (tar_gz({name: b"x"}), zipped({name: b"x"})):
        with pytest.raises(WrongFormatError, match=words):
            unpacked(sent)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE x ();", "plain SQL"),
        (tar(FULL), "not compressed"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00more", "xz"),
        (b"%PDF-1.7", "none of the known kinds"),
        (gzip.compress(tar({})), "nothing in the archive"),
        (zipped({}), "nothing in the archive"),
    ],
    ids=["plain SQL", "tar", "bzip2", "xz", "PDF", "empty tar.gz", "empty zip"],
)
def test_another_kind_of_file_is_named(sent: bytes, words: str) -> None:
    """Whatever it was called."""
    with pytest.raises(WrongFormatError, match=words):
        unpacked(sent)


def test_an_empty_file_is_told() -> None:
    """The likeliest accident of all."""
    with pytest.raises(DamagedArchiveError, match="empty"):
        unpacked(b"")


def test_a_gzip_of_something_else_is_no_tar() -> None:
    """Such as a dump that somebody compressed."""
    with pytest.raises(DamagedArchiveError, match="no tar"):
        unpacked(gzip.compress(DUMP))


@pytest.mark.parametrize("make", [tar_gz, zipped])
@given(share=st.floats(0.0, 0.999))
@settings(max_examples=60)
def test_an_archive_that_was_cut_short_never_passes(make: object, share: float) -> None:
    """Wherever it was cut."""
    assert callable(make)
    sent = make(FULL)
    with pytest.raises(ArchiveRefusedError):
        unpacked(sent[: int(len(sent) * share)])


@given(keep=st.integers(0, len(tar(FULL)) - 512 * 2))
@settings(max_examples=60)
def test_a_tar_without_its_end_never_passes(keep: int) -> None:
    """Cut before it was compressed, so the stream is sound; some readers take that for the end."""
    with pytest.raises(ArchiveRefusedError):
        unpacked(gzip.compress(tar(FULL)[: len(tar(FULL).rstrip(b"\0")) * keep // len(tar(FULL))]))


@pytest.mark.parametrize("make", [tar_gz, zipped])
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_bytes_end_in_a_refusal_or_in_what_was_sent(make: object, data: st.DataObject) -> None:
    """Never in another error, and never in other content: what is not checked is not content."""
    assert callable(make)
    sent = bytearray(make(FULL))
    for _ in range(data.draw(st.integers(1, 4))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpacked(bytes(sent), SMALL)
    except ArchiveRefusedError:
        return
    assert found == WHOLE or make is zipped


@given(st.dictionaries(st.uuids(), st.binary(max_size=5000), min_size=1, max_size=20))
@settings(max_examples=30)
def test_any_documents_come_out_as_they_went_in(documents: dict[UUID, bytes]) -> None:
    """In either form."""
    files = {document_name(one): data for one, data in documents.items()}
    expected = {Entry(What.DOCUMENT, one): data for one, data in documents.items()}
    assert unpacked(tar_gz(files)) == unpacked(zipped(files)) == expected


def test_a_zip_that_says_more_than_comes_out_of_it_is_damaged() -> None:
    sent = bytearray(zipped({PLACE: b"an invoice"}))
    directory = sent.index(b"PK\x01\x02")
    for place in (22, directory + 24):
        sent[place : place + 4] = (11).to_bytes(4, "little")
    with pytest.raises(DamagedArchiveError, match="says that it has 11 bytes, 10 came out"):
        unpacked(bytes(sent))


def test_a_long_name_in_a_damaged_zip_is_cut_in_the_reason() -> None:
    sent = zipped({PLACE: b"x"})
    longer = 5000 - len(PLACE)
    begin, rest = sent[:26] + (5000).to_bytes(2, "little") + sent[28:30], sent[30 + len(PLACE) :]
    end = (int.from_bytes(rest[-6:-2], "little") + longer).to_bytes(4, "little") + rest[-2:]
    with pytest.raises(DamagedArchiveError, match="File name in directory") as refused:
        unpacked(begin + b"y" * 5000 + rest[:-6] + end)
    assert len(refused.value.reason) < 200

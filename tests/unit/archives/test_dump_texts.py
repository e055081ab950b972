"""What a dump's table of contents says is read as PostgreSQL's own tools read it, or not at all."""

import pytest

from services.platform.archives.dump.reading import int_bytes
from services.platform.archives.dump.texts import VERSIONS, Texts, read_texts
from services.platform.archives.errors import DamagedDumpError, UnknownDumpError
from tests.support.dumps import TocEntry, dump

TABLE = TocEntry(7, b"TABLE", definition=b"CREATE TABLE t (a int);\n", offset=(3, 0))
DATA = TocEntry(8, b"TABLE DATA", definition=b"", copied=b"COPY t FROM stdin;\n", depends_on=(7,))


@pytest.mark.parametrize("version", VERSIONS[2:])
@pytest.mark.parametrize("compression", [0, 1])
def test_entries_are_read_compressed_or_not(version: tuple[int, int], compression: int) -> None:
    assert read_texts(dump([TABLE, DATA], version=version, compression=compression)) == [
        Texts(7, "TABLE", "CREATE TABLE t (a int);\n", "COPY ...;", has_data=False),
        Texts(8, "TABLE DATA", "", "COPY t FROM stdin;\n", has_data=True),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (dump([TABLE, TABLE]), "the same number"),
        (dump([TocEntry(1, b"TABLE", definition=b"CREATE TABLE t (a int);\0DROP")]), "zero byte"),
        (dump([TABLE]).replace(int_bytes(7), b"\x01\xff\xff\xff\xff", 1), "no number"),
        (dump([TABLE])[:-20], "ends within"),
    ],
)
def test_what_others_would_read_otherwise_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DamagedDumpError, match=words):
        read_texts(data)


@pytest.mark.parametrize("data", [dump([TABLE], version=(1, 17)), dump([TABLE], form=3)])
def test_a_variant_that_is_not_known_is_refused(data: bytes) -> None:
    with pytest.raises(UnknownDumpError, match="unknown here"):
        read_texts(data)

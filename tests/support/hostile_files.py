"""Files that no environment should get, each with the reason that it is refused for: `HOSTILE` by what is wrong."""

import io
import stat
import tarfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from tests.support.dumps import TocEntry, data_block, dump
from tests.support.sent_archives import METADATA, PLACE, special, tar_gz, zipped

NO_DATA: Final = (3, 0)
MIB: Final = 1024**2
ZEROS_MIB: Final = 1100
"""More than may come out of a small file."""


def table(*more: TocEntry, rows: bytes = b"1\n", server: bytes = b"18.6", compressed: bool = False) -> bytes:
    """A dump of one table, with more entries behind it."""
    entries = (
        TocEntry(1, b"ENCODING", definition=b"SET client_encoding = 'UTF8';\n", copied=b"", offset=NO_DATA, place=b""),
        TocEntry(2, b"TABLE", definition=b"CREATE TABLE public.sent (a text);\n", copied=b"", offset=NO_DATA),
        TocEntry(3, b"TABLE DATA", definition=b"", copied=b"COPY public.sent (a) FROM stdin;\n", depends_on=(2,)),
    )
    return dump([*entries, *more], data_block(3, rows), server=server, compression=int(compressed))


def zeros() -> bytes:
    """A zlib stream of `ZEROS_MIB` that is a thousandth of that; it has no end, but nobody should get there."""
    packing, line = zlib.compressobj(9), b"0" * (MIB - 1) + b"\n"
    first, again = (packing.compress(line) + packing.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (ZEROS_MIB - 1)


def archive(database: bytes) -> bytes:
    """A full archive of this dump."""
    return tar_gz({".metadata": METADATA, "db/db.backup": database, PLACE: b"an invoice"})


def renamed(name: str) -> bytes:
    """A tar.gz whose one file has a good name, and another one in its extended header."""
    info, made = tarfile.TarInfo(PLACE), io.BytesIO()
    info.pax_headers = {"path": name}
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.PAX_FORMAT) as sent:
        sent.addfile(info)
    return made.getvalue()


TRIGGER: Final = TocEntry(
    4, b"EVENT TRIGGER", tag=b"takes_over", copied=b"", offset=NO_DATA, place=b"",
    definition=b"CREATE EVENT TRIGGER takes_over ON ddl_command_end EXECUTE FUNCTION public.seize();\n",
)  # fmt: skip
DROPS: Final = TocEntry(4, b"TABLE", definition=b"DROP DATABASE postgres WITH (FORCE);\n", copied=b"", offset=NO_DATA)
MORE_RIGHTS: Final = archive(table(TRIGGER))
HOSTILE: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "path": (lambda: tar_gz({"tree/../../etc/passwd": b"x"}), "leads outside the archive"),
    "link": (lambda: tar_gz({}, special(PLACE, tarfile.SYMTYPE, "/etc/passwd")), "is a symbolic link"),
    "device": (lambda: tar_gz({}, special(PLACE, tarfile.CHRTYPE)), "is a device"),
    "hard link": (lambda: tar_gz({}, special(PLACE, tarfile.LNKTYPE, "/etc/passwd")), "is a hard link"),
    "pipe": (lambda: tar_gz({}, special(PLACE, tarfile.FIFOTYPE)), "is a pipe"),
    "sparse": (lambda: tar_gz({}, special(PLACE, tarfile.GNUTYPE_SPARSE)), "is a sparse file"),
    "renamed": (lambda: renamed("../../etc/passwd"), "gives a file another name"),
    "zip: path": (lambda: zipped({"tree/../../etc/passwd": b"x"}), "leads outside the archive"),
    "zip: link": (lambda: zipped({PLACE: b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "is a link, a device or a pipe"),
    "zip: device": (lambda: zipped({PLACE: b""}, mode=stat.S_IFCHR | 0o666), "is a link, a device or a pipe"),
    "zip: pipe": (lambda: zipped({PLACE: b""}, mode=stat.S_IFIFO | 0o666), "is a link, a device or a pipe"),
    "zip: bomb": (lambda: zipped({".metadata": METADATA, PLACE: bytes(ZEROS_MIB * MIB)}), "looks like a bomb"),
    "zip: twice": (lambda: zipped([(PLACE, b"one"), (f"./{PLACE}", b"two")]), "twice"),
    "zip: cut short": (lambda: zipped({".metadata": METADATA, PLACE: b"an invoice"})[:-10], "cut short"),
    "bomb": (lambda: archive(table(rows=zeros(), compressed=True)), "looks like a bomb"),
    "twice": (lambda: tar_gz({PLACE: b"one", f"./{PLACE}": b"two"}), "twice"),
    "cut short": (lambda: archive(table())[:-40], "the archive is cut short"),
    "dump cut short": (lambda: archive(table()[:-10]), "the dump cannot be read to its end"),
    "no dump": (lambda: archive(b"SELECT 1"), "make it with pg_dump -Fc"),
    "newer server": (lambda: archive(table(server=b"19.1")), "the backup is of PostgreSQL 19"),
    "other statements": (lambda: archive(table(DROPS)), "'DROP DATABASE postgres WITH (FORCE);"),
}
"""How each is made, which takes two of them seconds and a gigabyte: see `hostile`."""


@cache
def hostile(wrong: str) -> bytes:
    """One of them, made when it is first wanted; it is small."""
    make, _ = HOSTILE[wrong]
    return make()

"""What holds for every archive, whatever its form: nothing twice, not too much, not too many."""

from dataclasses import dataclass
from typing import Final

from services.platform.archives.incoming.errors import HostileArchiveError
from services.platform.archives.incoming.names import Entry, What, entry_of, inside

MIB: Final = 1024**2


@dataclass(frozen=True)
class Limits:
    """How large an archive may become.

    `expansion`: how many bytes may come out of one; an app's rows compress to a tenth, long runs of one value to a two
    hundredth, a bomb to a thousandth. `free_bytes` come out of any, however small it is.
    """

    expansion: int = 250
    free_bytes: int = 1024 * MIB
    entries: int = 20_000_000
    metadata_bytes: int = 64 * 1024

    def unpacked_bytes(self, packed_bytes: int) -> int:
        """How much may come out of an archive of this size."""
        return max(self.free_bytes, self.expansion * packed_bytes)


class Guard:
    """Watches over one archive of `packed_bytes` while it is read."""

    def __init__(self, limits: Limits, packed_bytes: int) -> None:
        self._limits = limits
        self._most = limits.unpacked_bytes(packed_bytes)
        self._bytes = 0
        self._entries = 0
        self._alone = set[What]()

    def directory(self, name: str) -> None:
        """A directory: it means nothing, but it must not lead outside. Raises HostileArchiveError."""
        self._count()
        inside(name)

    def file(self, name: str, size_bytes: int) -> Entry:
        """A file that says it has this size. Raises HostileArchiveError and WrongFormatError.

        One that says itself that it is too large is not unpacked first.
        """
        self._count()
        entry = entry_of(name)
        if entry.what is not What.DOCUMENT:
            if entry.what in self._alone:
                raise HostileArchiveError(f"the archive holds its {entry.what} twice")
            self._alone.add(entry.what)
        if entry.what is What.METADATA and size_bytes > self._limits.metadata_bytes:
            raise HostileArchiveError(f"the archive's metadata are larger than {self._limits.metadata_bytes} bytes")
        if self._bytes + size_bytes > self._most:
            raise HostileArchiveError(
                f"the archive says that it holds {self._too_much}: it is cut short, or it looks like a bomb. If it is "
                "neither, send it less compressed"
            )
        return entry

    def unpacked(self, size_bytes: int) -> None:
        """So many more bytes came out. Raises HostileArchiveError when that is too much."""
        self._bytes += size_bytes
        if self._bytes > self._most:
            raise HostileArchiveError(
                f"the archive holds {self._too_much}: it looks like a bomb. If it is none, send it less compressed"
            )

    @property
    def _too_much(self) -> str:
        return f"more than {self._most // MIB} MiB, the most that may come out of one of its size"

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise HostileArchiveError(f"the archive has more than {self._limits.entries} entries")

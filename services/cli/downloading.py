"""Brings an archive into a file: goes on after a break, and checks every byte at the end."""

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Final

import httpx

from services.cli.errors import GatewayError, RefusedError, UnreachableError
from services.cli.waiting import Absence
from services.gateway.resources import Archive

TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
PRIVATE: Final = 0o600
READ_BYTES: Final = 1024 * 1024
UNFINISHED: Final = ".unfinished"
_NAMED_CHARACTERS: Final = 12

OnBytes = Callable[[int], None]
"""Called with the number of bytes that are there."""


class DamagedDownloadError(GatewayError):
    """What arrived is not what was promised."""


def part_of(target: Path, archive: Archive) -> Path:
    """Where bytes are kept until all are there; named after the whole's hash, so that no other file is continued."""
    return target.with_name(f"{target.name}.{(archive.sha256 or '')[:_NAMED_CHARACTERS]}.part")


def download(archive: Archive, target: Path, on_bytes: OnBytes) -> None:
    """Bring a completed archive into the file `target`, from where an earlier try has ended.

    Raises UnreachableError when the gateway stays away, RefusedError when the link is over, DamagedDownloadError.
    """
    part = part_of(target, archive)
    with _private(part) as file, httpx.Client(timeout=TIMEOUT) as client:
        whole = _Growing(file, on_bytes)
        absence = Absence()
        while whole.size_bytes < (archive.size_bytes or 0):
            before = whole.size_bytes
            try:
                _go_on(client, archive, whole)
            except httpx.TransportError as error:
                if whole.size_bytes > before:
                    absence.ended()
                absence.goes_on(UnreachableError(f"the download broke ({error!r}): repeat it, and it goes on"))
        file.flush()
        os.fsync(file.fileno())
    if (whole.size_bytes, whole.hash.hexdigest()) != (archive.size_bytes, archive.sha256):
        part.unlink()
        raise DamagedDownloadError("what arrived is not what was promised: it was removed, download it again")
    part.replace(target)


def bring(pieces: Iterable[bytes], target: Path, on_bytes: OnBytes) -> None:
    """Write bytes as they come into the new file `target`, for its owner alone: whole or not at all.

    Raises FileExistsError where something is there by then: nothing is written over.
    """
    with NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.", suffix=UNFINISHED) as part:
        for piece in pieces:
            part.write(piece)
            on_bytes(part.tell())
        part.flush()
        os.fsync(part.fileno())
        os.link(part.name, target)  # a rename would replace what has appeared meanwhile


def _private(part: Path) -> BinaryIO:
    """Data of a backup is nobody else's business: for its owner alone, whatever an earlier try has left."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, PRIVATE)
    os.fchmod(descriptor, PRIVATE)
    return os.fdopen(descriptor, "a+b")


class _Growing:
    """A file, its size and its hash; what an earlier try has left is read once."""

    def __init__(self, file: BinaryIO, on_bytes: OnBytes) -> None:
        self.hash = hashlib.sha256()
        self.size_bytes = 0
        self._file = file
        self._on_bytes = on_bytes
        file.seek(0)
        while data := file.read(READ_BYTES):
            self._count(data)

    def add(self, data: bytes) -> None:
        """More bytes have arrived."""
        self._file.write(data)
        self._count(data)

    def _count(self, data: bytes) -> None:
        self.hash.update(data)
        self.size_bytes += len(data)
        self._on_bytes(self.size_bytes)


def _go_on(client: httpx.Client, archive: Archive, whole: _Growing) -> None:
    done = whole.size_bytes
    resumed = {"Range": f"bytes={done}-", "If-Range": f'"{archive.sha256}"'} if done else {}
    with client.stream("GET", archive.url or "", headers={"Accept-Encoding": "identity", **resumed}) as answer:
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise httpx.ReadError("the gateway asks to come back")
        if answer.status_code != (httpx.codes.PARTIAL_CONTENT if done else httpx.codes.OK):
            raise RefusedError(_why(answer), status=answer.status_code)
        for data in answer.iter_raw(READ_BYTES):
            whole.add(data)


def _why(answer: httpx.Response) -> str:
    answer.read()
    try:
        return str(answer.json()["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code} from something that is no gateway of ours"

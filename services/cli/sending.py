"""Sends a file to the gateway in parts: goes on where an earlier try has ended, bears a gateway that is away."""

import hashlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from services.cli.client import Gateway
from services.cli.downloading import OnBytes
from services.cli.errors import GatewayError, NotKnownYetError, UnreachableError
from services.cli.waiting import Absence
from services.gateway.resources import Parcel


class ChangedFileError(GatewayError):
    """The file is another one than when its sum was taken."""


def send(gateway: Gateway, environment_id: UUID, path: Path, on_bytes: OnBytes) -> Parcel:
    """All of a file, as a parcel for this environment; the same file sent again goes on.

    Raises ChangedFileError, UnreachableError when the gateway stays away, and what it refuses.
    """
    with path.open("rb") as file:
        size_bytes, sha256 = measure(file)
        key = f"parcel {environment_id} {sha256}"
        parcel = gateway.create_parcel(environment_id, size_bytes, sha256, idempotency_key=key)
        while parcel.missing:
            _send_missing(gateway, parcel, file, on_bytes)
            parcel = gateway.parcel(parcel.parcel_id)
    return parcel


def measure(file: BufferedReader) -> tuple[int, str]:
    """Size in bytes and SHA-256 of an open file, which is read to its end."""
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return file.tell(), sha256


def _send_missing(gateway: Gateway, parcel: Parcel, file: BinaryIO, on_bytes: OnBytes) -> None:
    for sent, number in enumerate(_numbers(parcel), parcel.received):
        on_bytes(min(sent * parcel.part_bytes, parcel.size_bytes))
        file.seek(number * parcel.part_bytes)
        data = file.read(parcel.part_bytes)
        if len(data) != min(parcel.part_bytes, parcel.size_bytes - number * parcel.part_bytes):
            raise ChangedFileError("the file has changed while it was sent: leave it alone and send it again")
        _patiently(gateway, parcel.parcel_id, number, data)


def _numbers(parcel: Parcel) -> Iterator[int]:
    for gap in parcel.missing:
        yield from range(gap.first, gap.last + 1)


def _patiently(gateway: Gateway, parcel_id: UUID, number: int, data: bytes) -> None:
    """Again is harmless, so a part is sent until it has come."""
    absence = Absence()
    while True:
        try:
            gateway.send_part(parcel_id, number, data)
        except (UnreachableError, NotKnownYetError) as error:
            absence.goes_on(UnreachableError(f"the upload broke ({error}): repeat it, and it goes on"))
        else:
            return

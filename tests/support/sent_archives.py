"""Archives as people send them, good ones and hostile ones, made on the spot."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

DUMP = b"PGDMP" + bytes(range(256)) * 40
METADATA = b'{"modelVersion": "1.4.2"}'
DOCUMENT = UUID("0a1b2c3d-0000-4000-8000-000000000001")
PLACE = f"tree/0a/1b/{DOCUMENT}"
FULL = {".metadata": METADATA, "db/db.backup": DUMP, PLACE: b"an invoice"}

Changed = Callable[[tarfile.TarInfo], None]


def tar_gz(files: Mapping[str, bytes], *more: tarfile.TarInfo, form: int = tarfile.USTAR_FORMAT) -> bytes:
    """A tar.gz of these files, with entries of other kinds behind them."""
    return gzip.compress(tar(files, more, form=form), mtime=0)


def tar(files: Mapping[str, bytes], more: Iterable[tarfile.TarInfo] = (), *, form: int = tarfile.USTAR_FORMAT) -> bytes:
    """The same, not compressed."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return made.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A link, a device or a pipe."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], *, mode: int | None = None) -> bytes:
    """A zip of these files; `mode` is what Unix says of each."""
    made = io.BytesIO()
    pairs = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return made.getvalue()

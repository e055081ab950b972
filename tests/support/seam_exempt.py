"""Effects that pass no seam of their own on purpose, each with the reason."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.seam_lint import Breach, breaches
from tests.support.seam_names import SERVICES, sources

_breaches = cache(breaches)

OWN: Final = "a file of this process's own, which nobody else looks for"
PARTS: Final = "what is begun in parts appears to nobody before it is completed, which is a seam"
SET_UP: Final = "whoever sets the platform up does it before there is a service"
ALONE: Final = "the step or the seam before it and the one behind are next to it: there is nothing between"
AGAIN: Final = "in a database that nobody else knows before the switch, which is a seam"

SERVER: Final = "platform/connectors/database/switching/server.py"
AFTERWARDS: Final = "platform/connectors/database/loading/afterwards.py"
MOVING: Final = "platform/connectors/files/moving.py"
MULTIPART: Final = "platform/objectstore/s3_multipart.py"
UNFINISHED: Final = "platform/connectors/files/unfinished.py"
EXEMPT: Final[Mapping[tuple[str, str, str], str]] = {
    ("snapshot/attempt.py", "BackupAttempt._scratch", "shutil.rmtree"): OWN,
    ("snapshot/attempt.py", "_made_anew", "shutil.rmtree"): OWN,
    ("platform/process/seams.py", "CrashFile._is_meant", "self._path.unlink"): "the file that tells where to die",
    ("platform/objectstore/directory.py", "DirectoryObjectStore._unfinished", "path.unlink"): OWN,
    ("platform/objectstore/s3.py", "S3ObjectStore.create_bucket", "self._client.create_bucket"): SET_UP,
    ("platform/provision/provisioning.py", "_bucket", "store.create_bucket"): SET_UP,
    (MULTIPART, "upload", "client.create_multipart_upload"): PARTS,
    (MULTIPART, "upload", "client.abort_multipart_upload"): PARTS,
    (MULTIPART, "_abort_begun", "client.abort_multipart_upload"): PARTS,
    (MULTIPART, "Upload.add", "self.client.upload_part"): PARTS,
    (MULTIPART, "Upload.add_copy", "self.client.upload_part_copy"): PARTS,
    (UNFINISHED, "Unfinished.close", "os.unlink"): OWN,
    (UNFINISHED, "_forget", "os.unlink"): OWN,
    (UNFINISHED, "tidy", "os.rmdir"): "our own directories, where they are empty",
    ("platform/connectors/files/probing.py", "_go", "os.unlink"): OWN,
    (MOVING, "_place", "os.unlink"): "a second copy of what is live already: see `move_in`",
    ("platform/connectors/database/loading/archive.py", "_script", "use.write_bytes"): OWN,
    (
        AFTERWARDS,
        "_lend_wrappers",
        "connection.execute(f'GRANT USAGE ON FOREIGN DATA WRAPPER {wrapped} TO {role}')",
    ): AGAIN,
    (AFTERWARDS, "run_all", "connection.fetch(statement.sql)"): AGAIN,
    ("platform/connectors/database/loading/statistics.py", "_analyze", "connection.execute(f'ANALYZE {table}')"): AGAIN,
    ("platform/connectors/database/loading/outside.py", "_run", "connection.execute(statement)"): (
        "puts back what a sent dump has changed: whoever takes over puts it back again"
    ),
    (SERVER, "DatabaseServer.create_like", "connection.execute(creation(name, like))"): ALONE,
    (
        SERVER,
        "DatabaseServer.drop",
        "connection.execute(f'DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)')",
    ): ALONE,
    (
        SERVER,
        "DatabaseServer.allow_connections",
        "connection.execute(f'ALTER DATABASE {identifier(name)} ALLOW_CONNECTIONS true')",
    ): ALONE,
}
"""By module and function, and as it is written there: once, what is not in `TIMES`."""
TIMES: Final[Mapping[tuple[str, str, str], int]] = {(UNFINISHED, "tidy", "os.rmdir"): 2}


def excess(module: str, source: str) -> list[Breach]:
    """Effects of a module outside a seam that are not exempt; where there are more than exempt, the last of them."""
    counted = Counter[tuple[str, str, str]]()
    found: list[Breach] = []
    for one in _breaches(source):
        key = (module, one.where, one.what)
        counted[key] += 1
        if counted[key] > _times(key):
            found.append(one)
    return found


def unnamed() -> dict[str, list[Breach]]:
    """All of them, by module."""
    return {module: found for module, source in modules().items() if (found := excess(module, source))}


def idle() -> list[tuple[str, str, str]]:
    """What is exempt and not there, or not so often."""
    there = Counter(_found())
    return [key for key in EXEMPT if there[key] < _times(key)]


@cache
def modules() -> Mapping[str, str]:
    """The sources of services and platform, by module."""
    paths: list[Path] = sources()
    return {str(path.relative_to(SERVICES)): path.read_text(encoding="utf-8") for path in paths}


def _found() -> Iterator[tuple[str, str, str]]:
    for module, source in modules().items():
        yield from ((module, one.where, one.what) for one in _breaches(source))


def _times(key: tuple[str, str, str]) -> int:
    return TIMES.get(key, 1) if key in EXEMPT else 0

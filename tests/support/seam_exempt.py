"""Effects that pass no seam of their own on purpose, each with the reason."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.seam_lint import breaches
from tests.support.seam_names import SERVICES, sources

OWN: Final = "a file of this process's own, which nobody else looks for"
PARTS: Final = "what is begun in parts appears to nobody before it is completed, which is a seam"
SET_UP: Final = "whoever sets the platform up does it before there is a service"
ALONE: Final = "the step or the seam before it and the one behind are next to it: there is nothing between"
AGAIN: Final = "in a database that nobody else knows before the switch, which is a seam"

SERVER: Final = "platform/connectors/database/switching/server.py"
EXEMPT: Final[Mapping[tuple[str, str], str]] = {
    ("snapshot/attempt.py", "shutil.rmtree"): OWN,
    ("platform/process/seams.py", "self._path.unlink"): "the file that tells where to die",
    ("platform/objectstore/directory.py", "path.unlink"): OWN,
    ("platform/objectstore/s3.py", "self._client.create_bucket"): SET_UP,
    ("platform/provision/provisioning.py", "store.create_bucket"): SET_UP,
    ("platform/objectstore/s3_multipart.py", "client.create_multipart_upload"): PARTS,
    ("platform/objectstore/s3_multipart.py", "client.abort_multipart_upload"): PARTS,
    ("platform/objectstore/s3_multipart.py", "self.client.upload_part"): PARTS,
    ("platform/objectstore/s3_multipart.py", "self.client.upload_part_copy"): PARTS,
    ("platform/connectors/files/unfinished.py", "os.unlink"): OWN,
    ("platform/connectors/files/unfinished.py", "os.rmdir"): "our own directories, where they are empty",
    ("platform/connectors/files/probing.py", "os.unlink"): OWN,
    ("platform/connectors/files/moving.py", "os.unlink"): "a second copy of what is live already: see `move_in`",
    ("platform/connectors/database/loading/archive.py", "use.write_bytes"): OWN,
    (
        "platform/connectors/database/loading/afterwards.py",
        "connection.execute(f'GRANT USAGE ON FOREIGN DATA WRAPPER {wrapped} TO {role}')",
    ): AGAIN,
    ("platform/connectors/database/loading/afterwards.py", "connection.fetch(statement.sql)"): AGAIN,
    ("platform/connectors/database/loading/statistics.py", "connection.execute(f'ANALYZE {table}')"): AGAIN,
    ("platform/connectors/database/loading/outside.py", "connection.execute(statement)"): (
        "puts back what a sent dump has changed: whoever takes over puts it back again"
    ),
    (SERVER, "connection.execute(creation(name, like))"): ALONE,
    (SERVER, "connection.execute(f'DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)')"): ALONE,
    (SERVER, "connection.execute(f'ALTER DATABASE {identifier(name)} ALLOW_CONNECTIONS true')"): ALONE,
}
"""By module, and as it is written there."""


def unnamed() -> dict[tuple[str, str], int]:
    """Every effect outside a seam that is not exempt: where it is, what it calls, and a line."""
    return {key: line for key, line in _found().items() if key not in EXEMPT}


def idle() -> list[tuple[str, str]]:
    """What is exempt and not there."""
    return [key for key in EXEMPT if key not in _found()]


@cache
def _found() -> dict[tuple[str, str], int]:
    paths: list[Path] = sources()
    return {
        (str(path.relative_to(SERVICES)), one.what): one.line
        for path in paths
        for one in breaches(path.read_text(encoding="utf-8"))
    }

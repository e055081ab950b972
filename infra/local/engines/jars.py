"""Fetch the broker's published jars once, and use none that is not the one this repository names.

The table lists every jar of the class path with its SHA-256: it is both lock and proof, so nothing is resolved at run
time. `python -m infra.local.engines.maven` writes it anew after a change of the versions there.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.cache import cache_directory
from infra.local.errors import StackError

TABLE: Final = Path(__file__).parents[1] / "kafka-jars.sha256"


class WrongJarError(StackError):
    """A jar's bytes are not those that this repository names."""


@dataclass(frozen=True)
class Jar:
    """One published jar."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def filename(self) -> str:
        """The name under which it is kept."""
        return f"{self.artifact}-{self.version}.jar"

    def check(self, path: Path) -> None:
        """Raise `WrongJarError` unless the file holds exactly this jar."""
        found = sha256_of(path)
        if found != self.sha256:
            raise WrongJarError(
                f"{path.name} has SHA-256 {found}, but {TABLE.name} names {self.sha256}: it was damaged or replaced; "
                f"remove {path} to fetch it anew, and do not start it if that changes nothing"
            )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def locked_jars(table: Path = TABLE) -> list[Jar]:
    """The jars of the table, in class path order."""
    lines = (line.split() for line in table.read_text().splitlines() if line and not line.startswith("#"))
    return [Jar(sha256, *coordinate.split(":")) for sha256, coordinate in lines]


def class_path(jars: Iterable[Jar] | None = None, directory: Path | None = None) -> list[Path]:
    """Every jar on disk and checked, fetched if it is missing. Raises `WrongJarError`, or `StackError` offline."""
    wanted = list(jars or locked_jars())
    kept = directory or cache_directory() / "jars"
    kept.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in wanted if not (kept / jar.filename).exists()]
    if missing:
        from infra.local.engines.maven import fetch_all  # noqa: PLC0415 -- long to import, and for the first start only

        fetch_all(missing, kept)
    for jar in wanted:
        jar.check(kept / jar.filename)
    return [kept / jar.filename for jar in wanted]

"""Fetch the broker's published jars once, and use none that is not the one this repository names.

The table lists every jar of the class path with its SHA-256: it is both lock and proof, so nothing is resolved at run
time. `python -m infra.local.engines.jars` writes it anew after a change of the versions below.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate
from rich.progress import Progress

from infra.local.cache import cache_directory
from infra.local.errors import StackError

BROKER: Final = "org.apache.kafka:kafka_2.13:4.3.1"
LOG_BRIDGE: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
"""Makes the broker log: the bridge of the same log4j that it brings. Taken alone, since resolved together with the
broker its managed versions would replace the broker's own."""
TABLE: Final = Path(__file__).parents[1] / "kafka-jars.sha256"
PARALLEL_FETCHES: Final = 8
TIMEOUT_SECONDS: Final = 60


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
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != self.sha256:
            raise WrongJarError(
                f"{path.name} has SHA-256 {found}, but {TABLE.name} names {self.sha256}: it was damaged or replaced; "
                f"remove {path} to fetch it anew, and do not start it if that changes nothing"
            )


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
        _fetch_all(missing, kept)
    for jar in wanted:
        jar.check(kept / jar.filename)
    return [kept / jar.filename for jar in wanted]


def _fetch_all(jars: list[Jar], kept: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix=".fetch-", dir=kept) as scratch,
        ThreadPoolExecutor(PARALLEL_FETCHES) as pool,
        Progress(transient=True) as progress,
    ):
        bar = progress.add_task("Fetching the Kafka broker", total=len(jars))
        context = MavenContext(repo_cache=Path(scratch), timeout=TIMEOUT_SECONDS)
        try:
            for _ in pool.map(_fetcher(context, kept), jars):
                progress.advance(bar)
        except (OSError, RuntimeError) as error:  # jgo raises RuntimeError, requests' errors are OSErrors
            raise StackError(
                f"the Kafka broker's jars could not be fetched ({error}): the first start needs a connection to a "
                f"Maven registry, or a filled {kept}"
            ) from error


def _fetcher(context: MavenContext, kept: Path) -> Callable[[Jar], None]:
    def fetch(jar: Jar) -> None:
        artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
        fetched = Path(artifact.resolve())
        jar.check(fetched)
        shutil.move(fetched, kept / jar.filename)  # a name in the cache exists only with the right bytes

    return fetch


def write_table(table: Path = TABLE) -> None:
    """Resolve the broker with everything that it needs at run time, and note the hash of each jar."""
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch), timeout=TIMEOUT_SECONDS)
        broker, needed = context.resolver.resolve([context.create_dependency(Coordinate.parse(BROKER))])
        needed = [found for found in needed if found.scope in {"compile", "runtime"}]
        bridge = context.create_dependency(Coordinate.parse(LOG_BRIDGE))
        lines = [_line(found.artifact) for found in (*broker, *needed, bridge)]
    table.write_text(
        "".join([f"# The class path of {BROKER}, written by python -m infra.local.engines.jars\n", *lines])
    )


def _line(artifact: Artifact) -> str:
    digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
    return f"{digest}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}\n"


if __name__ == "__main__":
    write_table()

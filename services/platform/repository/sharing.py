"""Finds the backups that refer to content of another: for these it stays when that one goes (spec: retention §2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.manifest import Manifest
from services.platform.repository.lists import read_documents
from services.platform.repository.locations import Locations
from services.platform.repository.manifests import Manifests
from services.platform.repository.marking import Marking, Names
from services.platform.repository.names import digest_of
from services.platform.repository.port import EnvironmentRepository, Shared

NEWEST: Final = 5
"""Backups that are named: enough to see for what something stays."""


class Sharing:
    """Holds the names of one backup's content against all others', in bounded memory; `names` says which those are."""

    def __init__(
        self, locations: Locations, repository: EnvironmentRepository, manifests: Manifests, names: Names
    ) -> None:
        self._names = names
        self._locations = locations
        self._repository = repository
        self._manifests = manifests
        self._nothing = ""

    async def of(self, backup_id: UUID) -> Shared:
        """Those that share with this one. Raises RepositoryError when a manifest or list cannot be read."""
        found = await self._manifests.verdict(backup_id)
        if found is None or found.manifest is None:
            return Shared(0, ())
        await Marking(self._locations, self._repository, names=self._names).mark(found.manifest)
        self._nothing = (await self._repository.hasher()).hexdigest()
        count, newest = 0, list[tuple[datetime, UUID]]()
        async for verdict in self._manifests.all():
            other = verdict.manifest
            if other and other.backup_id != backup_id and await self._shares(other):
                count += 1
                newest = sorted((*newest, (other.backup.created_at, other.backup_id)), reverse=True)[:NEWEST]
        return Shared(count, tuple(one for _, one in newest))

    async def _shares(self, other: Manifest) -> bool:
        """Its lists are read only as far as needed, and not at all where the manifest itself tells."""
        if self._any(self._names(other)):
            return True
        async for lines in read_documents(self._repository, other.files.listing):
            if self._any(name for line in lines for name in line.contents):
                return True
        return False

    def _any(self, names: Iterable[str]) -> bool:
        """The empty content is everybody's, and nobody's."""
        return any(self._locations.is_live(digest_of(name)) for name in names if name != self._nothing)

"""What an environment's backups take in the store, and what of that could be given back."""

import asyncio
from dataclasses import dataclass

from services.platform.objectstore import ObjectStore
from services.platform.repository.layout import content_prefix, digest_in
from services.platform.repository.locations import Locations
from services.platform.repository.manifests import Manifests
from services.platform.repository.marking import Marking
from services.platform.repository.moving import Moves
from services.platform.repository.port import EnvironmentRepository, Space


@dataclass
class _Contents:
    """Bytes of contents of the first format, each an object."""

    all: int = 0
    live: int = 0
    shared: int = 0


async def measure(
    store: ObjectStore, locations: Locations, manifests: Manifests, repository: EnvironmentRepository, moved: Moves
) -> Space:
    """Read all manifests and lists, and add up. Raises RepositoryError as a mark does."""
    marking = Marking(locations, repository, moved)
    await marking.run(manifests)
    await marking.mark_shared()
    backups = logical_bytes = 0
    async for verdict in manifests.all():
        moved()
        if verdict.manifest:
            backups += 1
            logical_bytes += verdict.manifest.database.bytes + verdict.manifest.files.bytes
    sums = await asyncio.to_thread(locations.sums)
    first = await _first_format(store, locations, repository, moved)
    return Space(
        backups=backups,
        logical_bytes=logical_bytes,
        stored_bytes=sums.packs + first.all,
        shared_bytes=sums.shared + first.shared,
        reclaimable_bytes=sums.contents - sums.live + first.all - first.live,
    )


async def _first_format(
    store: ObjectStore, locations: Locations, repository: EnvironmentRepository, moved: Moves
) -> _Contents:
    found = _Contents()
    async for info in store.list(content_prefix(repository.environment_id)):
        moved()
        digest = digest_in(info.key)
        if digest is None:
            continue
        found.all += info.size_bytes
        found.live += info.size_bytes * locations.is_live(digest)
        found.shared += info.size_bytes * locations.is_shared(digest)
    return found

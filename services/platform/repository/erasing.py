"""Erases what deleted backups have left: dumps that depend on it are stored anew, then all of it is condemned."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.manifest import DatabasePart, DumpChain, Manifest
from services.platform.objectstore import ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.bases import Bases
from services.platform.repository.dumps import DumpWriter
from services.platform.repository.errors import ContentCorruptError, ListedLateError, RepositoryError
from services.platform.repository.manifests import Manifests
from services.platform.repository.marking import own_of
from services.platform.repository.moving import Moves
from services.platform.repository.names import digest_of
from services.platform.repository.opened import Opened
from services.platform.repository.port import Condemned, EnvironmentRepository
from services.platform.repository.reader import MAX_DEPTH
from services.platform.repository.reclaim import Reclaim

ALL: Final = 1.0
"""A pack of which anything is not needed is written anew, however much that costs."""
MOST_LOOKS: Final = 4
"""One finds what to store anew, the next one that nothing is left; backups that end meanwhile may cost another."""


class Erasing:
    """One erasure in one environment. `load` opens what is in the store now; `moved` hears that the work goes on.

    Whatever it is broken off at, every backup can be read, and the next one goes on from there.
    """

    def __init__(  # noqa: PLR0913 -- one for each thing that it stands on
        self,
        store: ObjectStore,
        load: Callable[[], Awaitable[Opened]],
        manifests: Manifests,
        repository: EnvironmentRepository,
        new_id: NewId,
        *,
        moved: Moves,
    ) -> None:
        self._store = store
        self._load = load
        self._manifests = manifests
        self._repository = repository
        self._new_id = new_id
        self._moved = moved

    async def condemn(self, mark_id: UUID, now: datetime) -> Condemned:
        """See EnvironmentRepository.erase."""
        for _ in range(MOST_LOOKS):
            opened = await self._load()
            reclaim = self._reclaim(opened)
            done = await reclaim.done(mark_id)
            if done:
                return done
            await reclaim.look()
            if not await Rewriting(opened, self._manifests, self._moved).run():
                await note_stale(opened, self._moved)
                return await reclaim.publish(mark_id, now)
        raise ListedLateError("dumps that were stored anew are not listed yet: what they left is erased later")

    def _reclaim(self, opened: Opened) -> Reclaim:
        return Reclaim(
            self._store,
            opened,
            self._manifests,
            self._repository,
            self._new_id,
            moved=self._moved,
            names=own_of,
            least=ALL,
        )


@dataclass(frozen=True, slots=True, order=True)
class _Dump:
    """A backup's dump, in the order in which they were taken; whether it depends on what no backup has."""

    restore_point: datetime
    backup_id: UUID
    depends: bool


class Rewriting:
    """Stores dumps anew, each against the one before it, as the backups were stored when they were taken.

    `opened` has marked what backups have as their own.
    """

    def __init__(self, opened: Opened, manifests: Manifests, moved: Moves) -> None:
        self._opened = opened
        self._manifests = manifests
        self._moved = moved

    async def run(self) -> int:
        """Store anew all that depend on what no backup has; returns how many these were."""
        dumps = sorted([self._judged(one.manifest) async for one in self._manifests.all() if one.manifest])
        for before, dump in zip((None, *dumps), dumps, strict=False):
            if dump.depends:
                await self._rewrite(dump.backup_id, before.backup_id if before else None)
        return sum(dump.depends for dump in dumps)

    def _judged(self, manifest: Manifest) -> _Dump:
        return _Dump(manifest.restore_point, manifest.backup_id, self._depends(manifest.database.chain))

    def _depends(self, chain: DumpChain | None) -> bool:
        is_live = self._opened.locations.is_live
        return chain is not None and not all(is_live(digest_of(name)) for name in chain.named())

    async def _rewrite(self, backup_id: UUID, earlier_id: UUID | None) -> None:
        """The packs first, then the chain that names what is in them."""
        etag = await self._manifests.chains.etag(backup_id)
        database = await self._database(backup_id)
        if database is None:
            return  # deleted meanwhile
        earlier = await self._database(earlier_id) if earlier_id else None
        if earlier and self._depends(earlier.chain):
            earlier = None
        writer = DumpWriter(self._opened, earlier, self._opened.locations.is_live, self._opened.reader)
        try:
            stored = await writer.store(self._bytes_of(database.contents))
        except RepositoryError as error:
            raise ContentCorruptError(f"the dump of {backup_id} cannot be stored anew: {error.reason}") from error
        if stored.sequence.contents != database.contents:
            raise ContentCorruptError(f"the dump of {backup_id} cannot be stored anew: it is not cut as dumps are")
        await self._opened.packer.flush()
        await self._manifests.chains.put(backup_id, stored.chain, etag)

    async def _database(self, backup_id: UUID) -> DatabasePart | None:
        verdict = await self._manifests.verdict(backup_id)
        return verdict.manifest.database if verdict and verdict.manifest else None

    async def _bytes_of(self, contents: Sequence[str]) -> AsyncIterator[bytes]:
        for name in contents:
            self._moved()
            yield await self._opened.reader.content(name)


async def note_stale(opened: Opened, moved: Moves) -> None:
    """Deltas against what no backup has, of contents that lie in another form as well, are needed no more."""
    bases = Bases(opened, opened.locations.is_live)
    for digest in await asyncio.to_thread(opened.locations.several):
        moved()
        places = [one for one in opened.locations.locate(digest) if one.trusted]
        stale = [one for one in places if await bases.at(one, MAX_DEPTH) is None]
        if len(stale) < len(places):
            opened.locations.set_stale(stale)

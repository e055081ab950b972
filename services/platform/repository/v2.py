"""The second stored format behind the port; what the first one left is read (contracts/FORMAT.md)."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.manifest import DatabasePart, Manifest, Tombstone
from services.platform.objectstore import ObjectStore
from services.platform.process.ids import NewId, random_id
from services.platform.repository.begun import Begun
from services.platform.repository.damaged import DamagedObjects
from services.platform.repository.dumps import DumpWriter
from services.platform.repository.erasing import Erasing
from services.platform.repository.first_format import FirstFormat
from services.platform.repository.hashing import SequenceHasher
from services.platform.repository.keyring import KeyRing
from services.platform.repository.keys import environment_keys
from services.platform.repository.layout import key_prefix
from services.platform.repository.manifests import Manifests
from services.platform.repository.marking import named_by, own_of
from services.platform.repository.moving import Moved, Moves, unheard, unwatched
from services.platform.repository.names import WholeHasher, digest_of, is_second
from services.platform.repository.opened import Opened, known_keys, open_keys
from services.platform.repository.packs import Packed
from services.platform.repository.port import (
    Condemned,
    Hasher,
    Reclaimed,
    Shared,
    Space,
    StoredDump,
    StoredSequence,
    Verdict,
)
from services.platform.repository.reader import Reader
from services.platform.repository.reclaim import Reclaim
from services.platform.repository.report import Report
from services.platform.repository.sharing import Sharing
from services.platform.repository.shredding import Shredding
from services.platform.repository.small import Packing, Present, Unopened
from services.platform.repository.space import measure
from services.platform.repository.verify import Verify, Wanted
from services.platform.repository.wraps import DataKeys, Wraps

AHEAD: Final = 2
"""Contents of one sequence read at once: what a slow get costs is hidden, and memory is bounded by it."""


class EnvironmentRepositoryV2:
    """See EnvironmentRepository."""

    def __init__(self, store: ObjectStore, wraps: DataKeys, master: bytes, environment_id: UUID, new_id: NewId) -> None:
        self._store = store
        self._wraps = wraps
        self._environment_id = environment_id
        self._new_id = new_id
        self._first_keys = environment_keys(master, environment_id)
        self._first = FirstFormat(store, environment_id, self._first_keys.content)
        self._manifests = Manifests(
            store, environment_id, self._first_keys, new_id, known=self._known_keys, to_write=self._keys
        )
        self._begun = Begun(store, environment_id, self._manifests)
        self._opening = asyncio.Lock()
        self._ring: KeyRing | None = None
        self._opened: Opened | None = None

    @property
    def environment_id(self) -> UUID:
        """Whose it is."""
        return self._environment_id

    @property
    def key_id(self) -> str:
        """Which keys its manifests are written under; no secret."""
        return key_prefix(self._environment_id).rstrip("/")

    async def hasher(self, like: str | None = None) -> Hasher:
        """See EnvironmentRepository."""
        if like is not None and not is_second(like):
            return SequenceHasher(self._first_keys.content)
        return WholeHasher((await self._keys()).name_key)

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        return await (await self._open()).writer.store(pieces)

    async def store_dump(self, pieces: AsyncIterator[bytes], earlier: DatabasePart | None) -> StoredDump:
        """See EnvironmentRepository."""
        return await DumpWriter(await self._open(), earlier).store(pieces)

    async def store_parts(self, parts: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        return await (await self._open()).writer.store_parts(parts)

    async def store_bytes(self, data: bytes) -> StoredSequence:
        """See EnvironmentRepository."""
        stored = await (await self._open()).writer.store_content(data)
        return StoredSequence((stored.name,), stored.name, stored.bytes, stored.stored_bytes)

    async def packing(self, known: Sequence[str] = ()) -> Packing:
        """See EnvironmentRepository."""
        opened = await self._open()
        digests = [digest_of(name) for name in known if is_second(name)]
        return Packing(opened.ring.name_key, frozenset(opened.locations.usable(digests)))

    async def store_small(self, documents: Sequence[Packed | Present]) -> Sequence[StoredSequence]:
        """See EnvironmentRepository."""
        stored = await (await self._open()).writer.store_small(documents)
        return [StoredSequence((one.name,), one.name, one.bytes, one.stored_bytes) for one in stored]

    async def positions(self, names: Sequence[str]) -> Sequence[int]:
        """See EnvironmentRepository: objects of the first format lie nowhere in particular."""
        if not any(map(is_second, names)):  # who looks for what is there makes no key
            return [0] * len(names)
        found = (await self._open()).locations.positions([digest_of(name) for name in names if is_second(name)])
        return [found.get(digest_of(name), 0) if is_second(name) else 0 for name in names]

    async def read(self, contents: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """See EnvironmentRepository."""
        if len(contents) == 1:  # nearly every document: nothing to read ahead
            yield await self._content(contents[0])
            return
        waiting = iter(contents)
        ahead: deque[asyncio.Task[bytes]] = deque()
        try:
            while True:
                while len(ahead) < AHEAD and (name := next(waiting, None)) is not None:
                    ahead.append(asyncio.create_task(self._content(name)))
                if not ahead:
                    return
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    async def _content(self, name: str) -> bytes:
        if not is_second(name):
            return await self._first.content(name)
        return await (await self._reader_of([name])).content(name)

    async def unopened(self, names: Sequence[str]) -> Sequence[Unopened | bytes]:
        """See EnvironmentRepository."""
        second = [name for name in names if is_second(name)]
        found = await (await self._reader_of(second)).unopened(second) if second else {}
        return [found[name] if name in found else await self._first.content(name) for name in names]

    async def _reader_of(self, names: Sequence[str]) -> Reader:
        """One that finds them: what is on its way is in the store then."""
        opened = await self._open()
        if any(opened.packer.is_on_its_way(digest_of(name)) for name in names):
            await opened.packer.flush()
        return opened.reader

    def manifest_key(self, backup_id: UUID) -> str:
        """See EnvironmentRepository."""
        return self._manifests.key(backup_id)

    async def put_manifest(self, manifest: Manifest) -> Verdict:
        """See EnvironmentRepository: everything that it names is in the store before it is."""
        if self._opened:
            await self._opened.packer.flush()
        return await self._manifests.decide(manifest)

    async def bury(self, tombstone: Tombstone) -> Verdict:
        """See EnvironmentRepository."""
        return await self._manifests.decide(tombstone)

    async def verdict(self, backup_id: UUID) -> Verdict | None:
        """See EnvironmentRepository."""
        return await self._manifests.verdict(backup_id)

    async def read_manifest(self, backup_id: UUID, *, expected_hash: str | None = None) -> Manifest:
        """See EnvironmentRepository."""
        return await self._manifests.read(backup_id, expected_hash)

    def manifests(self) -> AsyncIterator[Verdict]:
        """See EnvironmentRepository."""
        return self._manifests.all()

    async def begin_backup(self, backup_id: UUID) -> None:
        """See EnvironmentRepository: the marker first, then everything is read anew."""
        await self._begun.put(backup_id)
        async with self._opening:
            opened = await Opened.load(self._store, await self._keys(), self._new_id)
            opened.locations.refuse_newer()
            self._opened = opened

    async def unusable(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """See EnvironmentRepository: those of the first format too."""
        digests = {digest_of(name): name for name in names if is_second(name)}
        usable = (await self._open()).locations.usable(list(digests))
        return names - {digests[digest] for digest in usable}

    async def sharing(self, backup_id: UUID, *, own: bool = False) -> Shared:
        """See EnvironmentRepository."""
        names = own_of if own else named_by
        return await Sharing((await self._load()).locations, self, self._manifests, names).of(backup_id)

    async def erase_manifest(self, tombstone: Tombstone) -> None:
        """See EnvironmentRepository."""
        await self._manifests.erase(tombstone)

    async def remove_tombstone(self, backup_id: UUID) -> None:
        """See EnvironmentRepository: its marker first."""
        if await self._manifests.is_decided(backup_id):
            await self._begun.forget(backup_id)
        await self._manifests.remove_tombstone(backup_id)

    async def condemn(self, mark_id: UUID, now: datetime, moved: Moves = unheard) -> Condemned:
        """See EnvironmentRepository."""
        return await (await self._reclaim(moved)).condemn(mark_id, now)

    async def erase(self, mark_id: UUID, now: datetime, moved: Moves = unheard) -> Condemned:
        """See EnvironmentRepository."""
        erasing = Erasing(self._store, self._load_to_remove, self._manifests, self, self._new_id, moved=moved)
        return await erasing.condemn(mark_id, now)

    async def remove_condemned(self, mark_id: UUID, now: datetime, moved: Moves = unheard) -> Reclaimed:
        """See EnvironmentRepository."""
        return await (await self._reclaim(moved)).remove(mark_id, now)

    async def check(self, *, read_percent: int, seed: int, moved: Moved = unwatched) -> Report:
        """See EnvironmentRepository."""
        decisions = [key async for key in self._manifests.places()]
        if not decisions:
            return Report()
        verify = Verify(self._store, await self._load(), self._manifests, self, self._first)
        return await verify.run(Wanted(read_percent, seed), decisions, moved)

    async def note_damaged(self, found_by: UUID, packs: AbstractSet[UUID]) -> None:
        """See EnvironmentRepository."""
        await DamagedObjects(self._store, self._environment_id).note(found_by, packs)

    async def space(self, moved: Moves = unheard) -> Space:
        """See EnvironmentRepository."""
        if not [key async for key in self._manifests.places()]:
            return Space(0, 0, 0, 0, 0)
        return await measure(self._store, (await self._load()).locations, self._manifests, self, moved)

    async def _reclaim(self, moved: Moves) -> Reclaim:
        return Reclaim(self._store, await self._load_to_remove(), self._manifests, self, self._new_id, moved=moved)

    async def _load(self) -> Opened:
        """What is in the store now, not what was read before."""
        return await Opened.load(self._store, await self._known_keys(), self._new_id)

    async def _load_to_remove(self) -> Opened:
        """The same, for whoever removes what nothing needs."""
        opened = await self._load()
        opened.locations.refuse_newer()
        return opened

    def shredding(self, moved: Moves = unheard) -> Shredding:
        """See EnvironmentRepository."""
        return Shredding(self._store, self._wraps, self._environment_id, moved)

    async def _keys(self) -> KeyRing:
        """To write under."""
        if self._ring is None:
            self._ring = await open_keys(self._store, self._wraps, self._environment_id)
        return self._ring

    async def _known_keys(self) -> KeyRing:
        """Those that there are: who looks for what is there makes none. Where none is, one may come: look again."""
        ring = self._ring or await known_keys(self._store, self._wraps, self._environment_id)
        if ring.keys:
            self._ring = ring
        return ring

    async def _open(self) -> Opened:
        async with self._opening:
            if self._opened is None:
                self._opened = await Opened.load(self._store, await self._keys(), self._new_id)
            return self._opened


class RepositoryV2:
    """See Repository. `wraps` is the store of the wrapped keys: the same one, unless that keeps old versions."""

    def __init__(
        self, store: ObjectStore, master: bytes, new_id: NewId = random_id, wraps: DataKeys | None = None
    ) -> None:
        self._store = store
        self._master = master
        self._new_id = new_id
        self._wraps = wraps or Wraps(store, master)

    def of(self, environment_id: UUID) -> EnvironmentRepositoryV2:
        """The repository of one environment."""
        return EnvironmentRepositoryV2(self._store, self._wraps, self._master, environment_id, self._new_id)

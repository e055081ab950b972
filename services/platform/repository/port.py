"""What snapshot and restore need of the repository, whatever the stored format behind it (contracts/FORMAT.md)."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contracts.manifest import DatabasePart, DumpChain, Manifest, Tombstone
from services.platform.repository.moving import Moved, Moves
from services.platform.repository.packs import Packed
from services.platform.repository.report import Report
from services.platform.repository.shredding import Shredding
from services.platform.repository.small import Packing, Present, Unopened


@dataclass(frozen=True, slots=True)
class StoredSequence:
    """Bytes in the repository: the contents that they were cut into, in order.

    `bytes` is the size of the input, `stored_bytes` what this call added to the store (0 for contents that were there).
    `hash` is the keyed BLAKE3 of all bytes; in the first format it was that of `hashing.sequence_hash`.
    """

    contents: tuple[str, ...]
    hash: str
    bytes: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class StoredDump:
    """A dump in the repository; `prints_stored_bytes` is what its fingerprints added to the store.

    `earlier_unreadable` says why it could not be stored against an earlier one; then it is a full dump.
    `read_back_bytes` came from the store for it, as they are stored: what it is stored against.
    """

    sequence: StoredSequence
    prints_stored_bytes: int
    chain: DumpChain
    earlier_unreadable: str | None
    read_back_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What decided about a backup: its manifest or its tombstone, with the keyed hash of the stored bytes."""

    decided: Manifest | Tombstone
    key: str
    hash: str

    @property
    def manifest(self) -> Manifest | None:
        """The manifest, if the backup exists."""
        return self.decided if isinstance(self.decided, Manifest) else None


@dataclass(frozen=True, slots=True)
class Condemned:
    """What a mark condemned: contents that nothing refers to, and the bytes that they take in the store."""

    mark_id: UUID
    contents: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What a removal gave back: bytes of the store, the contents and the objects that are gone.

    `whole` where all that was condemned is gone, and no backup was under way that may have left something out of it.
    """

    bytes: int
    contents: int
    objects: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Shared:
    """The backups that refer to content of another: how many, and the newest few."""

    count: int
    newest: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """What one environment's backups take.

    `logical_bytes` is what restores of all of them would write together; `stored_bytes` what the store holds, of that
    `shared_bytes` what several backups need, and `reclaimable_bytes` what none needs, condemned or not yet.
    """

    backups: int
    logical_bytes: int
    stored_bytes: int
    shared_bytes: int
    reclaimable_bytes: int


class Hasher(Protocol):
    """Computes the keyed hash that bytes would have in the repository, without storing them."""

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Add a piece of any size."""
        ...

    def hexdigest(self) -> str:
        """The keyed hash of everything so far: equal to `StoredSequence.hash` of the same bytes."""
        ...


class EnvironmentRepository(Protocol):
    """The repository of one environment: its own prefix and its own key; contents are shared among its backups alone.

    Every call may raise a transient error of the object store.
    """

    @property
    def environment_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def key_id(self) -> str:
        """Which key its manifests are written under; no secret."""
        ...

    async def hasher(self, like: str | None = None) -> Hasher:
        """A new keyed hash, for comparing a live document with a stored one; of the kind that the hash `like` is."""
        ...

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """Cut, hash, compress and store what is not there yet, in bounded memory, several puts at once."""
        ...

    async def store_dump(self, pieces: AsyncIterator[bytes], earlier: DatabasePart | None) -> StoredDump:
        """Store a dump as what an earlier one has not; `earlier` is that of the previous backup, if there is one."""
        ...

    async def store_parts(self, parts: AsyncIterator[bytes]) -> StoredSequence:
        """Store each part as one content (at most CONTENT_BYTES): for lists, of which most parts stay the same."""
        ...

    async def store_bytes(self, data: bytes) -> StoredSequence:
        """The same for what fits into memory and one content (a small document)."""
        ...

    async def packing(self, known: Sequence[str] = ()) -> Packing:
        """What makes contents of small documents, wherever these are read: it may go to another process.

        `known` are the hashes that some of them had before: what is there and has not changed is only named.
        """
        ...

    async def store_small(self, documents: Sequence[Packed | Present]) -> Sequence[StoredSequence]:
        """Store a few of these, for less than it costs one by one."""
        ...

    async def positions(self, names: Sequence[str]) -> Sequence[int]:
        """Where contents lie, 0 for those that are not there: who reads in this order reads each part once."""
        ...

    def read(self, contents: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """The bytes of a sequence, content by content (at most CONTENT_BYTES each), the next ones read ahead.

        Raises ContentMissingError or ContentCorruptError (permanent): every content is checked against its name.
        """
        ...

    async def unopened(self, names: Sequence[str]) -> Sequence[Unopened | bytes]:
        """Some small contents for whoever opens them, perhaps in another process; bytes where that would not do.

        Raises as `read`. One that cannot be opened then may still be read by `read`: from another pack, or once more.
        """
        ...

    def manifest_key(self, backup_id: UUID) -> str:
        """Where the manifest (or tombstone) of a backup is in the object store."""
        ...

    async def put_manifest(self, manifest: Manifest) -> Verdict:
        """Make the backup exist, unless somebody else has decided already: then that is the verdict."""
        ...

    async def bury(self, tombstone: Tombstone) -> Verdict:
        """Make sure that the backup never comes to exist, unless its manifest is there: then that is the verdict."""
        ...

    async def verdict(self, backup_id: UUID) -> Verdict | None:
        """What was decided about a backup; None while nothing was."""
        ...

    async def read_manifest(self, backup_id: UUID, *, expected_hash: str | None = None) -> Manifest:
        """The manifest of a backup.

        Raises ManifestMissingError (none, or a tombstone) and ManifestCorruptError (unreadable, of a newer format,
        or its keyed hash is not the one that BackupCompleted told).
        """
        ...

    def manifests(self) -> AsyncIterator[Verdict]:
        """Every manifest and tombstone of the environment; enough to rebuild the catalog's entries."""
        ...

    async def begin_backup(self, backup_id: UUID) -> None:
        """Mark a backup as begun and learn what is condemned, before anything is stored for it (architecture §2.12).

        The mark ends with the manifest or the tombstone. Again is harmless.
        """
        ...

    async def unusable(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Those of the names that a new backup must not refer to, although an earlier one does: what is condemned."""
        ...

    async def check(self, *, read_percent: int, seed: int, moved: Moved = ...) -> Report:
        """Look whether all that the backups need is there; read so many percent of the packs and check every byte.

        What is wrong is named by backup and document, or stretch of the dump. Another `seed` reads other packs; seeds
        that are `read_percent` apart read all of them in turn. `moved` hears how many bytes have been read.
        """
        ...

    async def space(self, moved: Moves = ...) -> Space:
        """What its backups take in the store, by reading all manifests and lists in bounded memory.

        `moved` hears that the reading goes on. Raises RepositoryError as `condemn`.
        """
        ...

    async def sharing(self, backup_id: UUID, *, own: bool = False) -> Shared:
        """The backups for which content stays when this one goes; none for one that there is not.

        With `own` those that it only helps to store do not count: they are stored anew.

        Raises RepositoryError when a manifest or list cannot be read.
        """
        ...

    async def erase_manifest(self, tombstone: Tombstone) -> None:
        """Put the tombstone in the manifest's place, or where there is nothing. One that stands there stays.

        What lies under a destroyed data key gives way as well.
        """
        ...

    async def remove_tombstone(self, backup_id: UUID) -> None:
        """Remove a tombstone that nobody can need any more (contracts/defaults.py, TOMBSTONE_DAYS).

        Again is harmless. Raises ManifestStandsError when the backup exists.
        """
        ...

    async def note_damaged(self, found_by: UUID, packs: AbstractSet[UUID]) -> None:
        """Have the next backups store again what these packs (`Report.damaged_packs`) should hold; again is harmless.

        `found_by` is any id for the look that found them.
        """
        ...

    async def condemn(self, mark_id: UUID, now: datetime, moved: Moves = ...) -> Condemned:
        """Find what no manifest refers to and publish it as condemned, in bounded memory.

        `moved` hears that the work goes on. Again with the same id gives the same answer. A pack of which something is
        needed and cannot be read stays, and is noted as damaged. Raises RepositoryError when a manifest or list cannot
        be read: what it refers to is not known then.
        """
        ...

    async def erase(self, mark_id: UUID, now: datetime, moved: Moves = ...) -> Condemned:
        """Condemn all that no backup has as its own, what dumps of other backups are stored against among it.

        Those dumps are stored anew before, in bounded memory; what there is of it in packs that are needed otherwise
        goes as well, after the rest was stored in new ones. Its removal is that of any mark, and erases nothing where
        it is not `whole`: then erase again. Raises as `condemn`; ContentCorruptError for a dump that cannot be
        read, ChainChangedError (transient) when another worker did the same, ListedLateError (transient) while listings
        lack what was stored anew.
        """
        ...

    async def remove_condemned(self, mark_id: UUID, now: datetime, moved: Moves = ...) -> Reclaimed:
        """Remove what the mark condemned and what still nothing refers to.

        `moved` hears that the work goes on. Nothing is left of an unknown mark, or of one that was removed already:
        then all numbers are 0. Raises RemovalTooEarlyError (transient) before CONDEMNED_HOURS have passed, and while a
        backup that had begun before has neither manifest nor tombstone; RepositoryError as `condemn`.
        """
        ...

    def shredding(self, moved: Moves = ...) -> Shredding:
        """What makes all its backups unreadable for good, part by part; `moved` hears that the work goes on."""
        ...


class Repository(Protocol):
    """All repositories behind one object store and one master key."""

    def of(self, environment_id: UUID) -> EnvironmentRepository:
        """The repository of one environment."""
        ...

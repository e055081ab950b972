"""Looks whether everything that backups need is in the store and sound, and names what is not by backup and place."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID
from zlib import crc32

from contracts.manifest import CONTENT_BYTES, DocumentLine, Manifest
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.repository.errors import (
    ChainCorruptError,
    ContentCorruptError,
    NewerManifestError,
    NewerSealError,
    RepositoryError,
)
from services.platform.repository.first_format import FirstFormat
from services.platform.repository.forms import Form, checked
from services.platform.repository.indexes import PackEntries
from services.platform.repository.layout import id_in, pack_key
from services.platform.repository.lists import read_documents
from services.platform.repository.manifests import Manifests
from services.platform.repository.moving import Moved, unwatched
from services.platform.repository.names import digest_of, is_second, name_from
from services.platform.repository.opened import Opened
from services.platform.repository.packs import Entry, PackCipher
from services.platform.repository.port import EnvironmentRepository
from services.platform.repository.report import Damage, Report

WHOLE: Final = 100
INDEX_ADVICE: Final = "no backup lacks anything, since packs tell the same, only slower: remove this object"
MANIFEST_ADVICE: Final = "nothing of the environment is reclaimed: put a copy of it back, or delete that backup"
CHAIN_ADVICE: Final = (
    "its backup can be restored, but nothing of the environment is reclaimed or erased: put a copy of it back, or"
    " delete that backup"
)
"""Without the chain nobody knows which bases the dump needs: it must not be removed while the backup is there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of the packs is read: so many percent of them, and which, by the seed.

    Seeds that are `percent` apart read other packs, so that 100 / `percent` looks in a row read all of them.
    """

    percent: int
    seed: int

    def has(self, pack_id: UUID) -> bool:
        """Whether this pack is read."""
        return (crc32(pack_id.bytes) + self.seed) % WHOLE < self.percent


class Verify:
    """One look at one environment; packs that are not read are compared by size alone."""

    def __init__(
        self,
        store: ObjectStore,
        opened: Opened,
        manifests: Manifests,
        repository: EnvironmentRepository,
        first: FirstFormat,
    ) -> None:
        self._moved: Moved = unwatched
        self._store = store
        self._opened = opened
        self._manifests = manifests
        self._repository = repository
        self._first = first
        self._damaged: dict[tuple[UUID, bytes], str] = {}
        self._report = Report()

    async def run(self, wanted: Wanted, decisions: Iterable[str], moved: Moved) -> Report:
        """Look at the backups behind these keys of manifests.

        The keys were listed before the indexes were read: what a backup stores that ends meanwhile is in no index here.
        """
        self._moved = moved
        for key, broken in self._opened.locations.damaged_indexes.items():
            self._report.add(Damage(None, f"the index {key}", _advised(broken)))
        for pack_id, error in self._opened.locations.unreadable.items():
            self._report.add(Damage(None, f"the pack {pack_id}", error.reason))
            self._report.damaged_packs.add(pack_id)
        for pack in self._opened.locations.packs():
            self._report.packs += 1
            if self._opened.locations.is_short(pack):
                self._report.damaged_packs.add(pack.pack_id)
            if wanted.has(pack.pack_id):
                await self._read(pack)
        for key in decisions:
            await self._backup(key, first_format=wanted.percent > 0)
        return self._report

    async def _read(self, pack: PackEntries) -> None:
        """Read a pack as a whole, and check every content of it."""
        try:
            data = await self._store.get(pack_key(self._repository.environment_id, pack.pack_id))
        except ObjectNotFoundError:
            return  # reclaimed meanwhile; what still needs it is found with its backup
        cipher = PackCipher(self._opened.ring, pack.pack_id, pack.key_number)
        for digest, reason in await asyncio.to_thread(lambda: list(self._wrong(cipher, pack.entries, data))):
            self._damaged[pack.pack_id, digest] = reason
            self._report.damaged_packs.add(pack.pack_id)
        for entry in pack.entries:
            if entry.form == Form.DELTA and (pack.pack_id, entry.digest) not in self._damaged:
                await self._undo(pack.pack_id, entry)
        self._report.contents_read += len(pack.entries)
        self._report.bytes_read += len(data)
        await self._moved(self._report.bytes_read)

    def _wrong(self, cipher: PackCipher, entries: Sequence[Entry], data: bytes) -> Iterator[tuple[bytes, str]]:
        for entry in entries:
            try:
                payload = cipher.opened(entry, data[entry.offset : entry.offset + entry.stored_bytes])
                if entry.form != Form.DELTA:
                    checked(self._opened.ring.name_key, name_from(entry.digest), entry.form, payload)
            except ContentCorruptError as error:
                yield entry.digest, f"{error.reason} (pack {cipher.pack_id})"

    async def _undo(self, pack_id: UUID, entry: Entry) -> None:
        """A delta that cannot be undone is sound itself: the damage is that of its base's pack."""
        try:
            await self._opened.reader.content(name_from(entry.digest))
        except RepositoryError as error:
            self._damaged[pack_id, entry.digest] = error.reason

    async def _backup(self, key: str, *, first_format: bool) -> None:
        manifest = await self._manifest(key)
        if manifest is None:
            return
        self._report.backups += 1
        for place, names, segment in named_places(manifest):
            await self._look(Damage(manifest.backup_id, place, "", segment), names, first_format=first_format)
        await self._documents(manifest, first_format=first_format)
        await self._moved(self._report.bytes_read)

    async def _manifest(self, key: str) -> Manifest | None:
        try:
            return (await self._manifests.at(key)).manifest
        except ObjectNotFoundError:
            return None  # a tombstone that was removed meanwhile
        except ChainCorruptError as error:
            found = (await self._manifests.without_chain(key)).manifest
            place, reason = f"the chain {error.key}", f"{error.reason}; {CHAIN_ADVICE}"
            self._report.add(Damage(found.backup_id if found else None, place, reason))
            return found
        except RepositoryError as error:
            advice = "" if isinstance(error, NewerManifestError) else f"; {MANIFEST_ADVICE}"
            self._report.add(Damage(id_in(key), key, error.reason + advice))
            return None

    async def _documents(self, manifest: Manifest, *, first_format: bool) -> None:
        try:
            async for line in self._lines(manifest):
                where = Damage(manifest.backup_id, f"document {line.place}", "")
                await self._look(where, line.contents, first_format=first_format)
        except RepositoryError as error:
            self._report.add(Damage(manifest.backup_id, "the list of documents", error.reason))

    async def _lines(self, manifest: Manifest) -> AsyncIterator[DocumentLine]:
        for part in manifest.files.listing_parts():
            async for lines in read_documents(self._repository, part):
                await self._moved(self._report.bytes_read)
                for line in lines:
                    yield line

    async def _look(self, where: Damage, names: Iterable[str], *, first_format: bool) -> None:
        for name in names:
            reason = await self._wrong_with(name, first_format=first_format)
            if reason:
                self._report.add(replace(where, reason=reason))
                return

    async def _wrong_with(self, name: str, *, first_format: bool) -> str | None:
        if not is_second(name):
            return await self._wrong_with_first(name) if first_format else None
        digest = digest_of(name)
        reason = f"the content {name} is in no pack"
        for place in self._opened.locations.locate(digest):
            found = self._damaged.get((place.pack_id, digest))
            if found is None and not self._opened.locations.is_cut(place):
                return None  # one that is sound, as far as was read, is enough
            reason = found or f"the pack {place.pack_id} is cut short"
        return reason

    async def _wrong_with_first(self, name: str) -> str | None:
        try:
            await self._first.content(name)
        except RepositoryError as error:
            return error.reason
        return None


def _advised(error: RepositoryError) -> str:
    return error.reason if isinstance(error, NewerSealError) else f"{error.reason}; {INDEX_ADVICE}"


def named_places(manifest: Manifest) -> Iterator[tuple[str, Sequence[str], int | None]]:
    """What a manifest names, by the words of a person; and the number of the dump's content, where it is one."""
    database = manifest.database
    for number, name in enumerate(database.contents):
        begin = number * CONTENT_BYTES
        place = f"database dump, bytes {begin} to {min(begin + CONTENT_BYTES, database.bytes)}"
        yield place, (name,), number
    if database.chain:
        yield "an earlier dump that the database is stored against", database.chain.named(), None
    if manifest.files.dangling:
        yield "the list of dangling references", manifest.files.dangling.contents, None

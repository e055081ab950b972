"""Stores a dump segment by segment, each as what it has and the aligned stretch of an earlier dump has not."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from contracts.manifest import CONTENT_BYTES, DatabasePart, DumpChain, DumpImage
from services.platform.objectstore.pieces import regrouped
from services.platform.process.together import together
from services.platform.repository.bases import Bases, MayBe, anything
from services.platform.repository.chain import Plan, most_read, plan, stretch
from services.platform.repository.compression import DUMP_LEVEL
from services.platform.repository.errors import ContentMissingError, RepositoryError
from services.platform.repository.forms import Form, Stretch, encoded, encoded_against
from services.platform.repository.names import WholeHasher, digest_of, name_of
from services.platform.repository.opened import Opened
from services.platform.repository.packs import Packed
from services.platform.repository.port import StoredDump
from services.platform.repository.prints import Collected, Known, Print, prints_of
from services.platform.repository.reader import Reader
from services.platform.repository.writer import StoredContent, sequence

AHEAD: Final = 2
"""Segments under way at once: one is compressed while the next one comes in, and memory is bounded by it."""
GOOD_ENOUGH: Final = 0.02
"""Of what a segment takes by itself: a smaller delta is taken unseen, so no dump is larger by more than this."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """One segment as it is stored: its name, what it takes by itself, whether it was stored now, and what it needs."""

    stored: StoredContent
    payload_bytes: int
    new: bool = False
    bases: frozenset[str] = frozenset()


class DumpWriter:
    """Stores one dump; `earlier` is that of the previous backup.

    A segment that is there as a delta of something that `may_be` no base is stored again. With a `reader`, what is
    read of earlier dumps has no bound; else it is bounded by `most_read`, and what two segments need.
    """

    def __init__(
        self,
        opened: Opened,
        earlier: DatabasePart | None,
        may_be: MayBe = anything,
        reader: Reader | None = None,
    ) -> None:
        self._opened = opened
        self._reader = reader or opened.another_reader()
        self._bounded = reader is None
        self._read_before = self._reader.read_bytes
        self._most_read = math.inf
        self._bases = Bases(opened, may_be, reader=self._reader)
        self._key = opened.ring.name_key
        self._plan = self._upon = plan(earlier)
        self._known: Known | None = None
        self._collected = Collected()
        self._shift = 0
        self._unreadable: str | None = None

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredDump:
        """See EnvironmentRepository.store_dump."""
        await self._prepare()
        whole, tasks = WholeHasher(self._key), list[asyncio.Task[_Segment]]()
        room = asyncio.Semaphore(AHEAD)
        async with together() as group, aclosing(regrouped(pieces, CONTENT_BYTES)) as segments:
            async for data in segments:
                await asyncio.to_thread(whole.update, data)
                await room.acquire()
                task = group.create_task(self._store(data, len(tasks) * CONTENT_BYTES))
                task.add_done_callback(lambda _: room.release())
                tasks.append(task)
                del data  # the task decides how long it lives
        return await self._told([task.result() for task in tasks], whole.hexdigest())

    async def _prepare(self) -> None:
        """Read the fingerprints of what to build upon; a base that is not whole costs room, not the backup."""
        base = self._plan.base
        if base is None:
            return
        try:
            stored_bytes = self._stored_bytes({*_named(self._plan.full, base)})
            self._most_read = most_read(stored_bytes) if self._bounded else math.inf
            parts = [await self._reader.content(name) for name in base.prints]
            self._known = await asyncio.to_thread(Known, b"".join(parts))
        except RepositoryError as error:
            self._give_up(error)

    def _stored_bytes(self, names: AbstractSet[str]) -> int:
        """What they take in the store. Raises ContentMissingError."""
        total = 0
        for name in names:
            sound = next((one for one in self._opened.locations.locate(digest_of(name)) if one.trusted), None)
            if sound is None:
                raise ContentMissingError(f"the content {name} of an earlier dump is not in the repository")
            total += sound.entry.stored_bytes
        return total

    def _give_up(self, error: RepositoryError) -> None:
        self._unreadable = error.reason
        self._known, self._plan = None, Plan()

    async def _store(self, data: bytes, offset: int) -> _Segment:
        name, prints = await asyncio.to_thread(self._look, data, offset)
        self._collected.add(prints)
        there = await self._there_already(name, len(data))
        if there:
            return there
        self._opened.packer.claim([digest_of(name)])
        form, payload, bases = await self._encoded(data, offset, prints)
        stored_bytes = await self._opened.packer.add(Packed(digest_of(name), form, payload, len(data)))
        return _Segment(StoredContent(name, len(data), stored_bytes), len(payload), new=True, bases=bases)

    def _look(self, data: bytes, offset: int) -> tuple[str, list[Print]]:
        return name_of(self._key, data), prints_of(self._key, data, offset)

    async def _there_already(self, name: str, size_bytes: int) -> _Segment | None:
        """The segment as an earlier dump has it: by itself, or as a delta of which every base is there."""
        digest = digest_of(name)
        if self._opened.packer.is_on_its_way(digest):
            return _Segment(StoredContent(name, size_bytes, 0), 0)
        for location in self._opened.locations.locate(digest):
            if not location.trusted:
                continue
            if location.entry.form != Form.DELTA:
                return _Segment(StoredContent(name, size_bytes, 0), location.entry.stored_bytes)
            bases = await self._bases.of(name, self._upon.depth)
            if bases is not None:
                return _Segment(StoredContent(name, size_bytes, 0), 0, bases=bases)
        return None

    async def _encoded(self, data: bytes, offset: int, prints: list[Print]) -> tuple[Form, bytes, frozenset[str]]:
        delta = await self._delta(data, offset, prints)
        if delta and len(delta[0]) <= GOOD_ENOUGH * self._expected_bytes(len(data)):
            return Form.DELTA, *delta
        form, payload = await asyncio.to_thread(encoded, data, DUMP_LEVEL)
        if delta and len(delta[0]) < len(payload):
            return Form.DELTA, *delta
        return form, payload, frozenset()

    async def _delta(self, data: bytes, offset: int, prints: list[Print]) -> tuple[bytes, frozenset[str]] | None:
        base, known = self._plan.base, self._known
        if base is None or known is None or not data or self._read_back >= self._most_read:
            return None
        shift = known.shift(prints)
        self._shift = self._shift if shift is None else shift
        found = stretch(base, offset + self._shift, len(data))
        return await self._against(found, data) if found else None

    async def _against(self, found: Stretch, data: bytes) -> tuple[bytes, frozenset[str]] | None:
        try:
            prefix = await self._reader.stretch(found, depth=1)
        except RepositoryError as error:
            self._give_up(error)
            return None
        return await asyncio.to_thread(encoded_against, found, prefix, data), frozenset(found.bases)

    @property
    def _read_back(self) -> int:
        return self._reader.read_bytes - self._read_before

    def _expected_bytes(self, size_bytes: int) -> float:
        """What a segment takes by itself, judging by the full dump."""
        full = self._plan.full
        return size_bytes * self._plan.full_stored_bytes / max(1, full.bytes) if full else 0

    async def _told(self, segments: list[_Segment], whole: str) -> StoredDump:
        parts = await self._opened.writer.store_parts(_each(self._collected.as_parts()))
        upon = self._upon if any(segment.bases for segment in segments) else Plan()
        bases = frozenset[str]().union(*(segment.bases for segment in segments))
        chain = DumpChain(
            prints=parts.contents,
            bases=tuple(sorted(bases.difference(_named(upon.full, upon.anchor)))),
            # What a later night found there already costs nothing again: it is no reason for a new full dump.
            own_stored_bytes=sum(segment.payload_bytes for segment in segments if segment.new or not upon.full),
            full=upon.full,
            full_stored_bytes=upon.full_stored_bytes,
            anchor=upon.anchor,
        )
        stored = sequence([segment.stored for segment in segments], whole)
        return StoredDump(stored, parts.stored_bytes, chain, self._unreadable, self._read_back)


def _named(*images: DumpImage | None) -> Iterator[str]:
    for one in images:
        if one:
            yield from one.named()


async def _each(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part

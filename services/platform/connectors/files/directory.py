"""Documents as files below a directory.

Files are synced before they have their names; the names are synced by `settle`, all at once, since syncing directory by
directory would cost more than all the rest. What a power cut takes before that are whole documents.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Literal, ParamSpec, TypeVar
from uuid import UUID

from contracts.values import Finding
from services.platform.connectors.files import moving
from services.platform.connectors.files.directory_check import free_bytes, look_around
from services.platform.connectors.files.directory_errors import translated
from services.platform.connectors.files.directory_reader import PIECE_BYTES, DirectoryReader, read_small
from services.platform.connectors.files.directory_writes import present, write_new, write_over
from services.platform.connectors.files.errors import (
    DocumentsUnavailableError,
    DocumentVanishedError,
    ListMissingError,
)
from services.platform.connectors.files.linux import sync_file_system
from services.platform.connectors.files.pieces import gathered
from services.platform.connectors.files.places import checked, in_part, list_of
from services.platform.connectors.files.port import NONE_KNOWN, Entry, Listed, Part, Whole
from services.platform.connectors.files.probing import directories_can_be_trusted, stamps_can_be_trusted
from services.platform.connectors.files.small import Small
from services.platform.connectors.files.stamps import SETTLED_NS, listed
from services.platform.connectors.files.threads import Threads
from services.platform.connectors.files.tree import Parts, Tree
from services.platform.connectors.files.unfinished import (
    Unfinished,
    desk,
    file_system_now_ns,
    forget_all,
    forget_old,
    name_all,
    tidy,
)
from services.platform.connectors.files.walking import Seeing, walks
from services.platform.process.errors import NightkeepError
from services.platform.process.merging import merged

P = ParamSpec("P")
T = TypeVar("T")

BATCH: Final = 1000
"""Entries of a listing that come at once."""
WALKS: Final = 2
"""Threads that list where the first one mostly waits for the disk; four take longer there. Where it need not wait, two
take longer than one: each gives the interpreter up for every document, and has to get it back.
"""
NOTHING_SETTLED: Final = -1


class DirectoryDocuments:
    """See DocumentStore. `root` may be a symlink; nothing below it is followed."""

    kind: Literal["directory"] = "directory"

    def __init__(self, root: Path, threads: Threads) -> None:
        self._tree = Tree(root)
        self._threads = threads
        self._trusted = False
        self._directories_trusted = False
        self._horizon_ns = NOTHING_SETTLED

    async def check(self) -> tuple[Finding, ...]:
        """See DocumentStore."""
        return await self._threads.run(look_around, self._tree)

    async def probe(self) -> bool:
        """See DocumentStore."""
        self._trusted = await self._told(stamps_can_be_trusted)
        self._directories_trusted = self._trusted and await self._told(directories_can_be_trusted)
        return self._trusted

    async def _told(self, probe: Callable[[Tree], bool]) -> bool:
        try:
            return await self._threads.run(probe, self._tree)
        except (OSError, NightkeepError):  # nothing can be written there, so nothing can be proved
            return False

    async def list(self, known: Mapping[str, str] = NONE_KNOWN) -> AsyncGenerator[Sequence[Entry], None]:
        """See DocumentStore."""
        if self._trusted:
            self._horizon_ns = await self._run("", file_system_now_ns, self._tree) - SETTLED_NS
        proves = self._directories_trusted
        seeing = Seeing(self._horizon_ns, directories=proves, known=known if proves else NONE_KNOWN)
        async with aclosing(self._walked((), seeing)) as batches:
            async for batch in batches:
                yield batch

    async def list_area(self, area: UUID, part: Part) -> AsyncGenerator[Sequence[str], None]:
        """See DocumentStore."""
        async with aclosing(self._walked(in_part(area, part), Seeing(NOTHING_SETTLED))) as batches:
            async for batch in batches:
                yield [entry.place for entry in batch if isinstance(entry, Listed)]

    async def _walked(self, below: tuple[str, ...], seeing: Seeing) -> AsyncGenerator[Sequence[Entry], None]:
        with ExitStack() as held:
            some = await self._run("", held.enter_context, walks(self._tree, below, seeing, WALKS))
            if not some:
                return
            held.callback(some[0].close)
            batch, mostly_waited = await self._run("", _first_of, some[0])
            if batch:
                yield batch
            going_on = some if mostly_waited else some[:1]
            async with aclosing(merged(map(self._batches, going_on), WALKS)) as batches:
                async for batch in batches:
                    yield batch

    async def _batches(self, walk: Generator[Entry, None, None]) -> AsyncGenerator[Sequence[Entry], None]:
        try:
            while batch := await self._run("", lambda: list(islice(walk, BATCH))):
                yield batch
        finally:
            walk.close()

    async def look(self, place: str) -> Listed | None:
        """See DocumentStore."""
        status = await self._run(place, present, self._tree, checked(place))
        return listed(place, status, self._horizon_ns) if status else None

    def read(self, place: str) -> DirectoryReader:
        """See DocumentStore."""
        return DirectoryReader(self._tree, checked(place), self._horizon_ns, self._threads)

    async def read_small(self, places: Sequence[str], make: Callable[[bytes], T]) -> Sequence[Whole[T] | None]:
        """See DocumentStore."""
        found = await self._some(len(places), read_small, self._tree, list(places), make)
        return [
            Whole(listed(place, one[0], self._horizon_ns), one[1]) if one else None
            for place, one in zip(places, found, strict=True)
        ]

    async def free_bytes(self) -> int | None:
        """See DocumentStore."""
        return await self._run("", free_bytes, self._tree)

    async def add(self, place: str, pieces: AsyncIterator[bytes]) -> bool:
        """See DocumentStore."""
        parts = checked(place)
        first, whole = await gathered(pieces, PIECE_BYTES)
        if whole:
            return await self._run(place, write_new, self._tree, {place: first}) > 0
        if await self._run(place, present, self._tree, parts):
            return False
        return await self._streamed(parts, first, pieces, Unfinished.appear)

    async def add_small(self, documents: Mapping[str, Small]) -> None:
        """See DocumentStore."""
        await self._some(len(documents), write_new, self._tree, dict(documents), waits=True)

    async def stage(self, area: UUID, place: str, pieces: AsyncIterator[bytes]) -> None:
        """See DocumentStore."""
        await self._keep(in_part(area, Part.STAGED, checked(place)), pieces)

    async def stage_small(self, area: UUID, documents: Mapping[str, Small]) -> None:
        """See DocumentStore."""
        staged = {in_part(area, Part.STAGED, checked(place)): data for place, data in documents.items()}
        await self._some(len(staged), write_over, self._tree, staged, waits=True)

    async def write_list(self, area: UUID, pieces: AsyncIterator[bytes]) -> None:
        """See DocumentStore."""
        await self._keep(list_of(area), pieces)
        await self.settle()

    async def _keep(self, parts: tuple[str, ...], pieces: AsyncIterator[bytes]) -> None:
        first, whole = await gathered(pieces, PIECE_BYTES)
        if whole:
            await self._run("/".join(parts), write_over, self._tree, {parts: first})
        else:
            await self._streamed(parts, first, pieces, Unfinished.appear_over)

    async def _streamed(
        self, parts: Parts, first: bytes, pieces: AsyncIterator[bytes], name: Callable[[Unfinished, int, str], T]
    ) -> T:
        place = "/".join(parts)
        with ExitStack() as held:
            at = await self._run(place, held.enter_context, desk(self._tree))
            file = Unfinished(at)
            try:
                await self._run(place, file.open)
                await self._run(place, file.write, first)
                async for piece in pieces:
                    await self._run(place, file.write, piece)
                (told,) = await self._run(place, name_all, at, {parts: file}, name)
                return told
            finally:
                await self._run(place, file.close)

    async def read_list(self, area: UUID) -> AsyncGenerator[bytes, None]:
        """See DocumentStore."""
        reader = DirectoryReader(self._tree, list_of(area), NOTHING_SETTLED, self._threads)
        try:
            async with aclosing(reader.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        except DocumentVanishedError as error:
            raise ListMissingError(f"the area of restore {area} has no list: its files are gone") from error

    async def move_out(self, area: UUID, part: Part, place: str) -> bool:
        """See DocumentStore."""
        parts = checked(place)
        return await self._run(place, moving.move_out, self._tree, parts, in_part(area, part, parts))

    async def move_in(self, area: UUID, part: Part, place: str) -> bool:
        """See DocumentStore."""
        parts = checked(place)
        return await self._run(place, moving.move_in, self._tree, in_part(area, part, parts), parts)

    async def settle(self) -> None:
        """See DocumentStore."""
        await self._run("", self._sync)

    def _sync(self) -> None:
        with self._tree.opened() as fd:
            sync_file_system(fd)

    async def fence(self) -> None:
        """See DocumentStore: what others were writing goes, so that they find nothing to rename."""
        await self._run("", forget_all, self._tree)

    async def remove_area(self, area: UUID) -> int:
        """See DocumentStore."""
        count = 0
        for part in Part:
            async for batch in self.list_area(area, part):
                count += len(batch)
        await self._run("", moving.remove_area, self._tree, str(area))
        await self._run("", forget_old, self._tree)
        await self._run("", tidy, self._tree)
        return count

    async def _run(self, place: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._translated(f"the document {place}" if place else f"the directory {self._tree.root}"):
            return await self._threads.run(call, *args, **kwargs)

    async def _some(self, count: int, call: Callable[..., T], *arguments: object, waits: bool = False) -> T:
        """See Threads.some; errors are what they are of one document."""
        with self._translated(f"the directory {self._tree.root}"):
            return await self._threads.some(count, call, *arguments, waits=waits)

    @contextmanager
    def _translated(self, subject: str) -> Iterator[None]:
        try:
            with translated(subject):
                yield
        except FileNotFoundError as error:
            raise DocumentsUnavailableError(f"{subject} went away while it was used") from error


def _first_of(walk: Iterator[Entry]) -> tuple[Sequence[Entry], bool]:
    """The first batch, and whether the thread waited for most of its time."""
    began, busy = time.monotonic(), time.thread_time()
    batch = list(islice(walk, BATCH))
    return batch, time.thread_time() - busy < (time.monotonic() - began) / 2

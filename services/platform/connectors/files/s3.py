"""Documents as objects under a prefix of a bucket; a restore's own area is under the same prefix."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Literal, TypeVar
from uuid import UUID

from contracts.values import Finding
from services.platform.connectors.files import s3_moving
from services.platform.connectors.files.errors import DocumentsUnavailableError, ListMissingError
from services.platform.connectors.files.pieces import gathered
from services.platform.connectors.files.places import checked, in_part, list_of
from services.platform.connectors.files.port import NONE_KNOWN, Entry, Listed, Part, Whole
from services.platform.connectors.files.s3_check import etags_tell_contents_apart, look_around
from services.platform.connectors.files.s3_errors import translated
from services.platform.connectors.files.s3_listing import entry, initials, listed
from services.platform.connectors.files.s3_reader import S3Reader
from services.platform.connectors.files.small import Small, bytes_of
from services.platform.objectstore import AlreadyExistsError, ObjectInfo, ObjectNotFoundError, ObjectStore
from services.platform.process.merging import merged
from services.platform.process.together import together

T = TypeVar("T")

BATCH: Final = 1000
"""Entries of a listing in memory at once: a page of most servers."""
ONE_PUT_BYTES: Final = 8 * 1024 * 1024
"""What goes in one conditional request; more is uploaded in parts."""
LISTINGS: Final = 8
"""Listings under way: more of them only wait for what reads the answers."""
AT_ONCE: Final = 48
"""Requests for small objects under way, whoever asks for how many: a server some ms away answers so many meanwhile."""
MAKING_AT_ONCE: Final = 2
"""Threads that make something of what was read, or open what is written: more would only wait for the interpreter."""


class S3Documents:
    """See DocumentStore. `store` ends at the prefix of the documents; `subject` names the place in words."""

    kind: Literal["s3"] = "s3"

    def __init__(self, store: ObjectStore, subject: str) -> None:
        self._store = store
        self._subject = subject
        self._trusted = False
        self._room = asyncio.Semaphore(AT_ONCE)
        self._making = asyncio.Semaphore(MAKING_AT_ONCE)

    async def check(self) -> tuple[Finding, ...]:
        """See DocumentStore."""
        return await look_around(self._store, self._subject)

    async def probe(self) -> bool:
        """See DocumentStore."""
        self._trusted = await etags_tell_contents_apart(self._store, self._subject)
        return self._trusted

    async def list(self, known: Mapping[str, str] = NONE_KNOWN) -> AsyncGenerator[Sequence[Entry], None]:  # noqa: ARG002 -- a bucket has no directories
        """See DocumentStore: keys of one beginning come in their order, so several beginnings are listed at once."""
        with translated(self._subject):
            beginnings = await initials(self._store)
        async with aclosing(merged(map(self._below, beginnings), LISTINGS)) as batches:
            async for batch in batches:
                yield batch

    async def _below(self, prefix: str) -> AsyncGenerator[Sequence[Entry], None]:
        async with aclosing(self._infos(prefix)) as infos:
            async for batch in infos:
                yield [found for info in batch if (found := entry(info, settled=self._trusted))]

    async def list_area(self, area: UUID, part: Part) -> AsyncGenerator[Sequence[str], None]:
        """See DocumentStore."""
        prefix = "/".join(in_part(area, part)) + "/"
        async for infos in self._infos(prefix):
            yield [info.key.removeprefix(prefix) for info in infos]

    async def _infos(self, prefix: str) -> AsyncGenerator[Sequence[ObjectInfo], None]:
        batch: list[ObjectInfo] = []
        with translated(self._subject):
            async for info in self._store.list(prefix):
                batch.append(info)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        if batch:
            yield batch

    async def look(self, place: str) -> Listed | None:
        """See DocumentStore."""
        checked(place)
        info = await self._asked(s3_moving.found(self._store, place))
        return listed(info, settled=self._trusted) if info else None

    def read(self, place: str) -> S3Reader:
        """See DocumentStore."""
        checked(place)
        return S3Reader(self._store, place, self._subject, settled=self._trusted)

    async def read_small(self, places: Sequence[str], make: Callable[[bytes], T]) -> Sequence[Whole[T] | None]:
        """See DocumentStore."""
        found: dict[str, Whole[bytes] | None] = {}

        async def one(place: str) -> None:
            found[place] = await self.read(place).whole()

        await self._each(places, one)
        async with self._making:
            return await asyncio.to_thread(_made, [found[place] for place in places], make)

    async def free_bytes(self) -> int | None:
        """See DocumentStore: nobody knows."""
        return None

    async def add(self, place: str, pieces: AsyncIterator[bytes]) -> bool:
        """See DocumentStore: the server decides who is first, for what goes in one request."""
        if await self.look(place):
            return False
        first, whole = await gathered(pieces, ONE_PUT_BYTES)
        if not whole:
            await self._asked(self._store.put_stream(place, _chained(first, pieces)))
            return True
        return await self._put_new(place, first)

    async def add_small(self, documents: Mapping[str, Small]) -> None:
        """See DocumentStore."""
        for place in documents:
            checked(place)
        await self._each((await self._opened(documents)).items(), self._add_one)

    async def _opened(self, documents: Mapping[str, Small]) -> Mapping[str, bytes]:
        async with self._making:
            return await asyncio.to_thread(_bytes_of_all, documents)

    async def _add_one(self, document: tuple[str, bytes]) -> None:
        place, data = document
        if not await self.look(place):  # for servers that heed no condition, and after a kill
            await self._put_new(place, data)

    async def _put_new(self, place: str, data: bytes) -> bool:
        try:
            await self._asked(self._store.put(place, data, only_if_absent=True))
        except AlreadyExistsError:
            return False
        return True

    async def stage(self, area: UUID, place: str, pieces: AsyncIterator[bytes]) -> None:
        """See DocumentStore."""
        await self._asked(self._store.put_stream("/".join(in_part(area, Part.STAGED, checked(place))), pieces))

    async def stage_small(self, area: UUID, documents: Mapping[str, Small]) -> None:
        """See DocumentStore."""
        staged = {"/".join(in_part(area, Part.STAGED, checked(place))): data for place, data in documents.items()}
        await self._each((await self._opened(staged)).items(), self._put)

    async def _put(self, document: tuple[str, bytes]) -> None:
        await self._asked(self._store.put(*document))

    async def write_list(self, area: UUID, pieces: AsyncIterator[bytes]) -> None:
        """See DocumentStore."""
        await self._asked(self._store.put_stream("/".join(list_of(area)), pieces))

    async def read_list(self, area: UUID) -> AsyncGenerator[bytes, None]:
        """See DocumentStore."""
        try:
            with translated(self._subject):
                async for piece in self._store.stream("/".join(list_of(area))):
                    yield piece
        except ObjectNotFoundError as error:
            raise ListMissingError(f"the area of restore {area} has no list: its objects are gone") from error

    async def move_out(self, area: UUID, part: Part, place: str) -> bool:
        """See DocumentStore."""
        kept = "/".join(in_part(area, part, checked(place)))
        return await self._asked(s3_moving.move_out(self._store, place, kept))

    async def move_in(self, area: UUID, part: Part, place: str) -> bool:
        """See DocumentStore."""
        kept = "/".join(in_part(area, part, checked(place)))
        return await self._asked(s3_moving.move_in(self._store, kept, place))

    async def settle(self) -> None:
        """See DocumentStore: a server that has answered has kept it."""

    async def fence(self) -> None:
        """See DocumentStore: a server knows no lease, so that here a request that is under way may still come."""

    async def remove_area(self, area: UUID) -> int:
        """See DocumentStore: the list goes last, so that a removal that was killed is seen as one."""
        count = 0
        for part in Part:
            async for infos in self._infos("/".join(in_part(area, part)) + "/"):
                count += len(infos)
                await self._each([info.key for info in infos], self._delete)
        await self._asked(self._store.delete("/".join(list_of(area))))
        return count

    async def _delete(self, key: str) -> None:
        await self._asked(self._store.delete(key))

    async def _each(self, items: Iterable[T], work: Callable[[T], Awaitable[None]]) -> None:
        async def one(item: T) -> None:
            async with self._room:
                await work(item)

        async with together() as group:
            for item in items:
                group.create_task(one(item))

    async def _asked(self, answer: Awaitable[T]) -> T:
        try:
            with translated(self._subject):
                return await answer
        except ObjectNotFoundError as error:
            raise DocumentsUnavailableError(f"a document in {self._subject} went away while it was used") from error


async def _chained(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


def _bytes_of_all(documents: Mapping[str, Small]) -> Mapping[str, bytes]:
    return {place: bytes_of(document) for place, document in documents.items()}


def _made(found: Sequence[Whole[bytes] | None], make: Callable[[bytes], T]) -> Sequence[Whole[T] | None]:
    return [Whole(one.seen, make(one.made)) if one else None for one in found]

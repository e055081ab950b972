"""Cuts the input of an archive into segments, and reads the pieces that it is made of."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from services.platform.archives.errors import ContradictionError, NotTheSameError
from services.platform.archives.index import Kept, Piece, Stretch, joined
from services.platform.repository import EnvironmentRepository


@dataclass(frozen=True, slots=True)
class Whole:
    """All bytes of these contents but the first `skip_bytes`; without those, `size_bytes`."""

    contents: Sequence[str]
    size_bytes: int
    skip_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """A piece, and its bytes."""

    piece: Piece
    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Cut:
    """The input of one segment."""

    data: bytes
    pieces: list[Piece]


@dataclass(slots=True)
class _Open:
    """A segment that is being filled."""

    missing: int
    data: list[bytes | memoryview] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def fill(self, read: Read) -> Read | None:
        """Take what there is room for; the rest, if there is one."""
        size = min(self.missing, read.piece.size_bytes)
        view = memoryview(read.data)
        self.data.append(view[:size])
        joined(self.pieces, [read.piece.part(0, size)])
        self.missing -= size
        rest = read.piece.size_bytes - size
        return Read(read.piece.part(size, size + rest), view[size:]) if rest else None

    def cut(self) -> Cut:
        return Cut(b"".join(self.data), self.pieces)


async def segments(reads: AsyncIterator[Read], size_bytes: int) -> AsyncGenerator[Cut, None]:
    """The input in segments of exactly `size_bytes`, the last one of less; none where there is no input."""
    filling = _Open(size_bytes)
    async for read in reads:
        rest = read if read.piece.size_bytes else None
        while rest is not None:
            rest = filling.fill(rest)
            if not filling.missing:
                cut, filling = filling.cut(), _Open(size_bytes)
                yield cut
    if filling.pieces:
        yield filling.cut()


async def read_first(
    repository: EnvironmentRepository, batches: AsyncIterator[Sequence[Kept | Whole]]
) -> AsyncGenerator[Read, None]:
    """The bytes of what is met for the first time, in order; contents of one batch are read ahead together.

    Raises ContradictionError where contents are not as large as they are said to be, and what reading them raises.
    """
    async for batch in batches:
        names = [name for item in batch if isinstance(item, Whole) for name in item.contents]
        async with aclosing(repository.read(names)) as contents:
            for item in batch:
                if isinstance(item, Kept):
                    yield Read(item, item.data)
                    continue
                async for read in _whole(item, contents):
                    yield read


async def _whole(item: Whole, contents: AsyncIterator[bytes]) -> AsyncGenerator[Read, None]:
    skip, left = item.skip_bytes, item.size_bytes
    for name in item.contents:
        content = await anext(contents)
        skipped = min(skip, len(content))
        skip -= skipped
        left -= len(content) - skipped
        piece = Stretch(content=name, skip_bytes=skipped, size_bytes=len(content) - skipped)
        yield Read(piece, memoryview(content)[skipped:])
    if left:
        raise ContradictionError(f"stored contents have {abs(left)} bytes {'less' if left > 0 else 'more'} than said")


async def read_again(repository: EnvironmentRepository, pieces: Sequence[Piece]) -> AsyncGenerator[Read, None]:
    """The bytes of pieces that an index names. Raises NotTheSameError where a content lacks them."""
    names = [piece.content for piece in pieces if isinstance(piece, Stretch)]
    async with aclosing(repository.read(names)) as contents:
        for piece in pieces:
            if isinstance(piece, Kept):
                yield Read(piece, piece.data)
                continue
            content = await anext(contents)
            if len(content) < piece.end_bytes:
                raise NotTheSameError(f"the content {piece.content} is shorter than it was: ask for the archive anew")
            yield Read(piece, memoryview(content)[piece.skip_bytes : piece.end_bytes])

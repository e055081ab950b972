"""Looks at both sides of a restore: what the backup lists, what the destination has, and which of them are the same."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from contracts.manifest import DocumentLine, Lines
from services.platform.connectors.files import DocumentStore, DocumentVanishedError, checked_place
from services.platform.connectors.files.pacing import Pace, Passing
from services.platform.repository import EnvironmentRepository
from services.restore.documents.comparison import Comparison, Pair
from services.restore.documents.json_lines import ListUnreadableError, parsed


async def list_both(
    comparison: Comparison, repository: EnvironmentRepository, store: DocumentStore, listing: Lines, pace: Pace
) -> None:
    """Read the backup's list and list the destination.

    Raises ListUnreadableError, HostilePlaceError (the list names a place outside), and what reading raises.
    """
    count = 0
    async for lines in parsed(repository.read(listing.contents), DocumentLine):
        for line in lines:
            checked_place(line.place)
        await comparison.want(lines)
        count += len(lines)
        await pace.tell(len(lines))
    if count != listing.count:
        raise ListUnreadableError(f"the backup lists {count} documents where its manifest says {listing.count}")
    async for entries in store.list():
        await comparison.have(entries)
        await pace.tell(len(entries))


async def look_into_pairs(
    comparison: Comparison, repository: EnvironmentRepository, store: DocumentStore, pace: Pace
) -> None:
    """Read every document of the destination whose size agrees; the keyed hash says whether it is the same."""
    found: list[str] = []

    async def look_into(pair: Pair) -> None:
        async with pace.document(pair.size_bytes) as passing:
            if await _hash(repository, store, pair, passing) == pair.hash:
                found.append(pair.place)

    await pace.each(_ahead_of(comparison, found), look_into)
    await comparison.same(found)


async def _ahead_of(comparison: Comparison, found: list[str]) -> AsyncGenerator[Pair, None]:
    """The pairs; what was found meanwhile is noted on the way, so that it never piles up."""
    async with aclosing(comparison.pairs()) as pairs:
        async for pair in pairs:
            if len(found) >= _NOTED_AT_ONCE:
                noted, found[:] = found[:], []
                await comparison.same(noted)
            yield pair


_NOTED_AT_ONCE = 1000


async def _hash(repository: EnvironmentRepository, store: DocumentStore, pair: Pair, passing: Passing) -> str | None:
    hasher = await repository.hasher(like=pair.hash)
    try:
        async for piece in passing.counted(store.read(pair.place).pieces()):
            hasher.update(piece)
    except DocumentVanishedError:
        return None
    return hasher.hexdigest()

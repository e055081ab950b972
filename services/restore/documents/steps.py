"""What a restore does with documents, step by step; each step may run again after a kill at any point."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from contracts.facts import Facts
from contracts.manifest import Lines
from services.platform.connectors.files import (
    DocumentConflictError,
    DocumentSpaceError,
    DocumentStore,
    Listed,
    ListMissingError,
    Part,
)
from services.platform.connectors.files.pacing import BUNDLES_AT_ONCE, SMALL_BYTES, Pace, Progress, bundles, unwatched
from services.platform.connectors.files.small import Small
from services.platform.connectors.look import Look
from services.platform.repository import EnvironmentRepository
from services.platform.repository.errors import ContentCorruptError
from services.restore.documents.comparison import comparison
from services.restore.documents.difference import Change, Difference, What
from services.restore.documents.findings import findings_of, shortage
from services.restore.documents.kept_list import KeptList, keep, kept_difference, kept_list
from services.restore.documents.looking import list_both, look_into_pairs

Work = Callable[[Change], Awaitable[None]]
Stream = Callable[[str, AsyncIterator[bytes]], Awaitable[object]]
"""Writes one document of any size to a place."""
Some = Callable[[Mapping[str, Small]], Awaitable[None]]
"""Writes some small documents, given by place."""


@dataclass(frozen=True)
class BroughtBack:
    """What an undo did: came back, was taken out, and what the app has added since (it stays)."""

    returned_count: int
    taken_out_count: int
    orphan_count: int


class RestoreDocuments:
    """The documents of one restore. `area` is the restore's id, the same in every attempt, undo and removal.

    `repository` is that of the environment that the backup is of; `scratch` a directory for files that last a step.
    """

    def __init__(
        self,
        store: DocumentStore,
        repository: EnvironmentRepository,
        area: UUID,
        scratch: Path,
        progress: Progress = unwatched,
    ) -> None:
        self._store = store
        self._repository = repository
        self._area = area
        self._scratch = scratch
        self._progress = progress

    async def look(self, listing: Lines) -> Look:
        """What stands in the way of a restore here; changes nothing. Sizes are compared, no document is read."""
        findings = await self._store.check()
        if any(finding.severity == "error" for finding in findings):
            return Look(findings)
        async with comparison(self._scratch) as both:
            await list_both(both, self._repository, self._store, listing, Pace(self._progress))
            await both.sizes_agree()
            difference = await both.difference()
        needed, free = difference.new_bytes, await self._store.free_bytes()
        return Look(findings_of(findings, difference, free), Facts(files_needed_bytes=needed, files_free_bytes=free))

    async def fix_list(self, listing: Lines) -> Difference:
        """Compare destination and backup, and keep what has to be done in the area; once kept, it is never made anew.

        It is fixed before anything is added, so that an undo knows what the restore added. Raises DocumentSpaceError
        when that does not fit in, ListUnreadableError, HostilePlaceError.
        """
        await self._store.fence()
        kept = await kept_difference(self._store, self._area, self._scratch)
        return kept or await self._fixed(listing)

    async def _fixed(self, listing: Lines) -> Difference:
        pace = Pace(self._progress)
        async with comparison(self._scratch) as both:
            await list_both(both, self._repository, self._store, listing, pace)
            await look_into_pairs(both, self._repository, self._store, pace)
            difference = await both.difference()
            if short := shortage(difference, await self._store.free_bytes()):
                raise DocumentSpaceError(short)
            await keep(self._store, self._area, difference, both.changes(self._repository.positions))
        return difference

    async def add_absent(self) -> Difference:
        """Add what the destination lacks, under its final names: harmless to the old state."""
        return await self._write(What.ADD, self._store.add, self._store.add_small)

    async def stage_differing(self) -> Difference:
        """Write the backup's versions of what differs into the area."""
        return await self._write(
            What.REPLACE, partial(self._store.stage, self._area), partial(self._store.stage_small, self._area)
        )

    async def _write(self, what: What, stream: Stream, some: Some) -> Difference:
        async with kept_list(self._store, self._area, self._scratch) as kept:
            pace = Pace(self._progress, **_totals(kept.difference, [what]))

            async def write(changes: Sequence[Change]) -> None:
                if _small_bytes(changes[0]) is None:
                    await self._stream(changes[0], pace, stream)
                else:
                    await self._some(changes, some)
                    await pace.tell(len(changes), sum(change.size for change in changes))

            async with aclosing(_only(kept, [what])) as changes:
                await pace.each(bundles(changes, _small_bytes), write, at_once=BUNDLES_AT_ONCE)
            await self._store.settle()
            return kept.difference

    async def _stream(self, change: Change, pace: Pace, stream: Stream) -> None:
        async with pace.document(change.size) as passing:
            await stream(change.place, passing.counted(self._repository.read(change.contents)))

    async def _some(self, changes: Sequence[Change], write: Some) -> None:
        contents = await self._repository.unopened([change.contents[0] for change in changes])
        try:
            await write({change.place: content for change, content in zip(changes, contents, strict=True)})
        except ContentCorruptError:  # what came may be wrong, or there is another that is whole: the reader knows
            await write({change.place: await self._content(change) for change in changes})

    async def _content(self, change: Change) -> bytes:
        return b"".join([piece async for piece in self._repository.read(change.contents)])

    async def set_aside_and_place(self) -> Difference:
        """After the switch: what does not belong to the backup goes aside, the staged versions to their places."""
        async with kept_list(self._store, self._area, self._scratch) as kept:
            work = {
                What.REPLACE: lambda change: self._exchange(change.place, comes=Part.STAGED, goes=Part.ASIDE),
                What.SET_ASIDE: lambda change: self._take_out(Part.ASIDE, change.place),
            }
            await self._work(kept, work)
            await self._store.settle()
            return kept.difference

    async def bring_back(self) -> BroughtBack:
        """Undo: what went aside comes back; what the restore brought goes into the area; what the app added stays."""
        async with kept_list(self._store, self._area, self._scratch) as kept:
            back = {
                What.ADD: lambda change: self._take_out(Part.STAGED, change.place),
                What.REPLACE: lambda change: self._exchange(change.place, comes=Part.ASIDE, goes=Part.STAGED),
                What.SET_ASIDE: lambda change: self._exchange(change.place, comes=Part.ASIDE, goes=Part.STAGED),
            }
            await self._work(kept, back)
            await self._store.settle()
            before = kept.difference
        return BroughtBack(
            returned_count=before.replaced_count + before.set_aside_count,
            taken_out_count=before.added_count + before.replaced_count,
            orphan_count=max(0, await self._live_count() - before.before_count),
        )

    async def withdraw(self) -> None:
        """Leave a restore that was never switched to: what it added goes, and its area. Never after the switch."""
        await self._store.fence()
        try:
            async with kept_list(self._store, self._area, self._scratch) as kept:
                await self._work(kept, {What.ADD: lambda change: self._take_out(Part.STAGED, change.place)})
        except ListMissingError:  # nothing was added before there was a list
            pass
        await self.remove_area()

    async def remove_area(self) -> int:
        """Remove all that was kept for an undo; returns how many documents that were."""
        return await self._store.remove_area(self._area)

    async def _work(self, kept: KeptList, work: Mapping[What, Work]) -> None:
        pace = Pace(self._progress, **_totals(kept.difference, work.keys()))

        async def one(change: Change) -> None:
            async with pace.document(change.size):
                await work[change.what](change)

        await pace.each(_only(kept, work), one)

    async def _exchange(self, place: str, *, comes: Part, goes: Part) -> None:
        """A move in finds the place free, except at the first time: so a second time takes nothing out again."""
        try:
            await self._store.move_in(self._area, comes, place)
        except DocumentConflictError:
            await self._store.move_out(self._area, goes, place)
            await self._store.move_in(self._area, comes, place)

    async def _take_out(self, part: Part, place: str) -> None:
        await self._store.move_out(self._area, part, place)

    async def _live_count(self) -> int:
        count = 0
        async for batch in self._store.list():
            count += sum(isinstance(entry, Listed) for entry in batch)
        return count


async def _only(kept: KeptList, wanted: Container[What]) -> AsyncGenerator[Change, None]:
    async with aclosing(kept.changes()) as changes:
        async for change in changes:
            if change.what in wanted:
                yield change


def _small_bytes(change: Change) -> int | None:
    """The size of a document that may go with others; None for another one. One content has a bound of its own."""
    return change.size if change.size <= SMALL_BYTES and len(change.contents) == 1 else None


def _totals(difference: Difference, wanted: Iterable[What]) -> dict[str, int]:
    sums = {
        What.ADD: (difference.added_count, difference.added_bytes),
        What.REPLACE: (difference.replaced_count, difference.replaced_bytes),
        What.SET_ASIDE: (difference.set_aside_count, difference.set_aside_bytes),
    }
    chosen = [sums[what] for what in wanted]
    return {"documents_total": sum(count for count, _ in chosen), "bytes_total": sum(size for _, size in chosen)}

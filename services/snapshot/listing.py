"""Lists an environment's documents, and takes from the previous list what need not be listed again."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Final

import structlog
from prometheus_client import Counter

from contracts.manifest import DocumentLine
from services.platform.connectors.files import Entry, Listed, Stray, Unchanged
from services.snapshot.domain.directories import Directories
from services.snapshot.domain.warnings import Met
from services.snapshot.meter import Meter
from services.snapshot.scratch import Scratch
from services.snapshot.source import Source

log = structlog.get_logger()
LISTED: Final = Counter("nightkeep_documents_listed", "Documents that backups found in listings of their places")
UNCHANGED: Final = Counter(
    "nightkeep_directories_unchanged", "Directories that backups did not list again, since nothing came or went there"
)


class Listing:
    """One attempt's; tell it what the previous backup lists, then let it run."""

    def __init__(self, source: Source, scratch: Scratch, meter: Meter, met: Met) -> None:
        self._source = source
        self._scratch = scratch
        self._meter = meter
        self._met = met
        self._directories = Directories()
        self._listed = 0
        self._unchanged: list[str] = []
        """No more than `Directories` remembers; none behind the listing."""

    async def know(self, lines: Sequence[tuple[DocumentLine, str]]) -> None:
        """Documents of the previous backup whose contents are there, each with its line as that has it."""
        for (line, _), state in zip(lines, await self._scratch.add_previous(lines), strict=True):
            self._directories.add(line.place, state)
        self._meter.moved()

    async def run(self) -> None:
        """List all of them; what is unchanged has its contents already then."""
        async with aclosing(self._source.documents.list(self._known())) as batches:
            async for batch in batches:
                await self._take_in(batch)
                self._meter.moved()
        unchanged, self._unchanged = self._unchanged, []
        if unchanged:
            self._met.duplicates.add_all(await self._scratch.keep(unchanged))
        if not self._source.read_all:
            await self._scratch.adopt_unchanged()
        LISTED.inc(self._listed)
        UNCHANGED.inc(len(unchanged))
        log.info("documents listed", documents=self._listed, unchanged_directories=len(unchanged))

    def _known(self) -> Mapping[str, str]:
        known, self._directories = self._directories.known(), Directories()
        return known if self._source.trusts_directories else {}

    async def _take_in(self, batch: Sequence[Entry]) -> None:
        for stray in batch:
            if isinstance(stray, Stray):
                self._met.strays.add(f"{stray.place}: {stray.reason}")
        documents = [one for one in batch if isinstance(one, Listed)]
        self._unchanged += [one.place for one in batch if isinstance(one, Unchanged)]
        self._listed += len(documents)
        for place in await self._scratch.add_listed(documents) if documents else ():
            self._met.duplicates.add(place)

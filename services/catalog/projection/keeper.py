"""The projection as one plain step: some records and a transaction in which the read model and its place move."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.catalog.projection.page import Page, queries
from services.catalog.projection.reactions import reactions
from services.platform.database import Connection, Database
from services.platform.messaging.intake import Intake
from services.platform.messaging.records import Received, firsts
from services.platform.process.seams import Seam

CONSUMER: Final = "projection"
READ_MODEL_MOVED: Final = "read_model"
"""PostgreSQL channel on which a reader hears that the read model has moved."""


class Projection:
    """Applies records of the event topic to the read model, from the first that was not applied yet.

    `topic` is the event topic's full name. Any number may run at once: the partition's offset row lets one of them
    work on a partition, and what the others bring is then seen to be old.
    """

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic

    @property
    def topic(self) -> str:
        """The event topic's full name."""
        return self._topic

    async def apply(self, records: Sequence[Received]) -> set[int]:
        """Apply records, each partition's in order; the partitions where something before them is missing.

        Records that were applied before are ignored. Raises LogForkedError, and TransientErrors of the database.
        """
        begun = firsts(records)
        async with self._turning() as (c, intake):
            stored = await intake.claim(c, self._topic, begun)
            early = {partition for partition, first in begun.items() if stored[partition] < first}
            await intake.take(c, [one for one in records if one.place.partition not in early], stored)
        return early

    async def next_offsets(self) -> Mapping[int, int]:
        """For each partition that was ever read, the offset of the first record that was not applied."""
        async with self._database.transaction() as c:
            return await Intake(CONSUMER, {}).next_offsets(c, self._topic)

    async def retry_parked(self) -> None:
        """Try what waits once more: this release may understand what an earlier one did not."""
        async with self._turning() as (c, intake):
            await intake.retry_parked(c)

    async def show_waiting(self) -> None:
        """Have /metrics say how many events wait."""
        async with self._database.look() as c:
            await Intake(CONSUMER, {}).show_waiting(c)

    @asynccontextmanager
    async def _turning(self) -> AsyncIterator[tuple[Connection, Intake]]:
        """A transaction with a fresh page, which is written at its end."""
        async with self._database.transaction(Seam.PROJECT) as c:
            page = Page(c)
            yield c, Intake(CONSUMER, reactions(page), all_or_nothing=True, foresee=page.look_up)
            await page.write()
            await queries.tell(c, channel=READ_MODEL_MOVED)

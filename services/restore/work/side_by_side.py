"""Parts of a restore that need nothing of each other go on at once, as one step of the job, and tell one progress."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from services.platform.process.together import together
from services.restore.documents.pacing import Progress
from services.restore.work.attempt import Attempt, Named

BRING: Final = "load the dump and add the documents"


def side_by_side(attempt: Attempt, sentence: str, *chains: Sequence[Named]) -> Named:
    """Every chain in its own order, all at once. The first error ends all of them; the step is run again as a whole."""

    async def follow(chain: Sequence[Named]) -> None:
        for part in chain:
            began = time.monotonic()
            await part.work()
            attempt.memo.took(part.sentence, time.monotonic() - began)

    async def work() -> None:
        async with together() as group:
            for chain in chains:
                group.create_task(follow(chain))

    return Named(sentence, work, timed=False)


@dataclass
class _Told:
    """What one of them told last."""

    bytes_done: int = 0
    bytes_total: int | None = None
    documents_done: int = 0
    documents_total: int | None = None


class Shared:
    """One step's progress out of what several parts tell of themselves: the sums."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._told: dict[str, _Told] = {}

    def of(self, part: str) -> Progress:
        """Where this part tells how far it is."""
        return partial(self._tell, part)

    async def _tell(
        self,
        part: str,
        *,
        bytes_done: int = 0,
        bytes_total: int | None = None,
        documents_done: int = 0,
        documents_total: int | None = None,
    ) -> None:
        self._told[part] = _Told(bytes_done, bytes_total, documents_done, documents_total)
        told = self._told.values()
        await self._progress(
            bytes_done=sum(one.bytes_done for one in told),
            bytes_total=_sum_of_known([one.bytes_total for one in told]),
            documents_done=sum(one.documents_done for one in told),
            documents_total=_sum_of_known([one.documents_total for one in told]),
        )


def _sum_of_known(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None

"""A user beside a load, as a process of its own: how long its commands wait, and not how busy the load's process is.

It follows the log from where it ends when it comes: who first read what ten thousand environments had said would count
its own reading as waiting.
"""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

from services.platform.process.settings import KafkaSettings
from tests.support.eventually import eventually
from tests.support.script import Script, open_script


@asynccontextmanager
async def asking(kafka: KafkaSettings, apps: Sequence[UUID], until: Path) -> AsyncIterator[asyncio.Future[list[float]]]:
    """One command after another, each about the next of `apps`, until there is the file `until`.

    Gives the seconds that each waited for its answer.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as beside:
        waits = asyncio.get_running_loop().run_in_executor(beside, _ask_in_a_row, kafka, apps, until)
        try:
            yield waits
        finally:
            await asyncio.to_thread(until.touch)


def _ask_in_a_row(kafka: KafkaSettings, apps: Sequence[UUID], until: Path) -> list[float]:
    return asyncio.run(_ask(kafka, apps, until))


async def _ask(kafka: KafkaSettings, apps: Sequence[UUID], until: Path) -> list[float]:
    waits: list[float] = []
    async with open_script(kafka, from_now=True) as script:
        for app_id in cycle(apps):
            if _is_over(until):
                break
            waits.append(await _answered(script, app_id))
    return waits


def _is_over(until: Path) -> bool:
    return until.exists()


async def _answered(script: Script, app_id: UUID) -> float:
    command_id, first, began = str(uuid4()), len(script.seen), time.monotonic()
    data = {"app_id": str(app_id), "name": f"Shop {command_id}"}
    await script.send("UpdateApp", data, key=app_id, command_id=command_id)

    async def there() -> bool:
        nonlocal first
        new, first = script.seen[first:], len(script.seen)
        return any(seen.headers["ce_causationid"] == command_id for seen in new)

    await eventually(there, within_seconds=300)
    return time.monotonic() - began

"""How many lists say that they lag behind their caller's own write, where a gateway waits as long as by default."""

import time
from collections.abc import Callable
from pathlib import Path

from contracts.defaults import READ_YOUR_WRITES_SECONDS
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.benchmarks.figures import Figure
from tests.support.gateway import open_api
from tests.support.own_writes import CALLS, create_then_list, places


async def test_create_then_list(
    kafka: KafkaSettings,
    postgres: PostgresSettings,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    by_default = str(READ_YOUR_WRITES_SECONDS)
    async with open_api(kafka, postgres, tmp_path, NIGHTKEEP_GATEWAY__READ_YOUR_WRITES_SECONDS=by_default) as api:
        environments = await places(api)
        began = time.monotonic()
        lagging = await create_then_list(api, environments)
        record_property("pairs_per_second", round(CALLS / (time.monotonic() - began)))
        record_property("pairs", CALLS)
        record_property("lists_that_lag", Figure(lagging, at_most=0))

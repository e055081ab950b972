"""How many commands a second the catalog decides, from the command topic to the outcomes in PostgreSQL."""

import asyncio
import json
import time
from collections.abc import Callable
from uuid import uuid4

from services.platform.database import Database
from tests.benchmarks.figures import Figure
from tests.support.eventually import eventually
from tests.support.running_services import Platform
from tests.support.script import command_headers, open_script
from tests.support.shop import Shop

COMMANDS = 5_000
DECIDED_A_SECOND = 1_500
APPS = 24


async def test_decisions_a_second(catalog: Platform, record_property: Callable[[str, object], None]) -> None:
    async with open_script(catalog.kafka) as script:
        shops = [Shop(script) for _ in range(APPS)]
        for shop in shops:
            await shop.register()
        environments = [await shop.environment(checked=False) for shop in shops]
        began = time.monotonic()
        sends = [
            await script.producer.send(
                f"{catalog.kafka.topic_prefix}.commands",
                json.dumps({"environment_id": str(environments[n % APPS]), "model_version": f"7.{n}"}).encode(),
                key=str(shops[n % APPS].app_id).encode(),
                headers=command_headers("DeployPackage", str(uuid4())),
            )
            for n in range(COMMANDS)
        ]
        await asyncio.gather(*sends)
        await _until_decided(catalog, COMMANDS + 2 * APPS)
        rate = round(COMMANDS / (time.monotonic() - began))
    record_property("decisions_per_second", Figure(rate, at_least=DECIDED_A_SECOND))
    print(f"{rate} decisions a second")  # noqa: T201 -- what a benchmark is for


async def _until_decided(catalog: Platform, wanted: int) -> None:
    database = await Database.open(catalog.database("catalog"))

    async def decided() -> bool:
        async with database.transaction() as c:
            return bool(await c.fetchval("SELECT count(*) = $1 FROM command_outcome", wanted))

    await eventually(decided, within_seconds=120)
    await database.close()

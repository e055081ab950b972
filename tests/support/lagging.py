"""A read model that does not get on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.gateway import Api


@asynccontextmanager
async def held_up(api: Api, statement: str, *values: str) -> AsyncIterator[None]:
    """The read model does not get on, as long as this lasts."""
    reader = api.platform.database("catalog")
    holder = await asyncpg.connect(
        host=reader.host, port=reader.port, user=reader.user, database=reader.database,
        password=reader.password.get_secret_value(),
    )  # fmt: skip
    try:
        async with holder.transaction():
            await holder.execute(statement, *values)
            yield
    finally:
        await holder.close()

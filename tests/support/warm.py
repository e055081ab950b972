"""What every service does anew at its start, done once in the process that services are forked from.

What is imported late is there already, and what drivers read from their files; models are built, which are built else
when they are used first.
"""

import asyncio
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from pydantic import BaseModel, SecretStr

from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings

LATE: Final = (
    "faust.app",
    "faust.tables",
    "faust.transport.drivers.aiokafka",
    "faust.worker",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.auto",
)


async def _read_what_s3_is() -> None:
    nowhere = S3Settings(
        endpoint_url="http://127.0.0.1:1", bucket="none", access_key_id="-", secret_access_key=SecretStr("-")
    )
    async with S3ObjectStore.open(nowhere):
        pass


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


for name in LATE:
    import_module(name)
for one in _below(BaseModel):
    one.model_rebuild()
inspect.getmodule(_read_what_s3_is.__code__)  # Faust asks for an agent's: the first time, all files are looked at
asyncio.run(_read_what_s3_is())

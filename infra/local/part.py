"""One process of the stack as the supervisor sees it: what to run, and how to ask whether it may be relied on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import httpx

from infra.local.children import Command
from infra.local.engines.engine import Engine
from infra.local.http import ANSWER_SECONDS, UNVERIFIED


@dataclass(frozen=True)
class Part:
    """`prepare` may block and runs before every start; a `watched` part is asked again and again once it runs."""

    name: str
    kind: Literal["engine", "service"]
    address: str
    log: Path
    prepare: Callable[[], None]
    command: Callable[[], Command]
    is_ready: Callable[[], Awaitable[bool]]
    watched: bool

    @classmethod
    def of_engine(cls, engine: Engine) -> Self:
        """Return an engine as a part; once it answered, its process is enough of a sign."""

        async def is_ready() -> bool:
            return await asyncio.to_thread(engine.is_ready)

        return cls(
            engine.name, "engine", engine.address, engine.log, engine.prepare, engine.command, is_ready, watched=False
        )

    @classmethod
    def of_service(cls, name: str, address: str, command: Command) -> Self:
        """Return a service as a part; it says on /readyz whether it may be relied on."""
        client = httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, verify=UNVERIFIED)

        async def is_ready() -> bool:
            try:
                return (await client.get(f"http://{address}/readyz")).is_success
            except httpx.HTTPError:
                return False

        return cls(name, "service", address, command.log, _nothing, lambda: command, is_ready, watched=True)


def _nothing() -> None:
    """Prepare nothing."""

"""A place in the middle of something, where a test holds whoever comes there first until it lets him go."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Hold:
    """One that comes waits until `go_on`; who comes later passes."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_by(self) -> None:
        """The first time, wait to be let go."""
        if not self.reached.is_set():
            self.reached.set()
            await self.go_on.wait()

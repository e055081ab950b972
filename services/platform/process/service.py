"""The life of a service process: logs, signals, health, wiring with back-off, background tasks, an orderly end."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from services.platform.process.health import Health
from services.platform.process.settings import Settings

S = TypeVar("S", bound=Settings)
Tasks = Sequence[Coroutine[Any, Any, None]]
Bootstrap = Callable[[AsyncExitStack, S, Health], Awaitable[Tasks]]
"""Opens what the service needs on the stack and returns its background tasks.

A TransientError means that an engine is not there yet: all is closed, and it is called again after a back-off.
"""


def run_service(name: str, settings_type: type[S], bootstrap: Bootstrap[S]) -> int:
    """Run until SIGTERM or SIGINT (0), or until a background task dies (1); wrong settings are 2."""
    raise NotImplementedError

"""Alive and ready are two answers: /healthz says that the process runs, /readyz that it may be relied on."""

from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[bool]]


class Health:
    """Collects what must hold before a service is ready."""

    def ready_when(self, name: str, check: Check) -> None:
        """Be ready only while `check` says so; it gets a second, and an error counts as no."""
        raise NotImplementedError

    async def readiness(self) -> dict[str, bool]:
        """Every check by name with its present answer; empty until the service was wired."""
        raise NotImplementedError

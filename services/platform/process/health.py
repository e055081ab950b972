"""Alive and ready are two answers: /healthz says that the process runs, /readyz that it may be relied on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[bool]]
Trouble = Callable[[], str | None]
LOOP: Final = "event loop"
CHECK_SECONDS: Final = 1.0
"""A check that takes longer says no: whoever asks for readiness wants an answer."""


class Health:
    """Collects what must hold before a service is ready."""

    def __init__(self, loop_trouble: Trouble = lambda: None) -> None:
        """`loop_trouble` says what is wrong with the event loop, whatever is connected."""
        self._loop_trouble = loop_trouble
        self._checks: dict[str, Check] = {}
        self._wired = False

    def ready_when(self, name: str, check: Check) -> None:
        """Be ready only while `check` says so; it gets a second, and an error counts as no."""
        self._checks[name] = check

    def wiring_begins(self) -> None:
        """Nothing is connected (any more): not ready, and the checks of an earlier try are forgotten."""
        self._checks.clear()
        self._wired = False

    def wiring_done(self) -> None:
        """Everything is connected: from here on the checks decide."""
        self._wired = True

    async def readiness(self) -> dict[str, bool]:
        """Every check by name with its present answer.

        `wired` is whether everything was connected, `event loop` whether it has come round for a while.
        """
        answers = await asyncio.gather(*(_answer(check) for check in self._checks.values()))
        itself = {"wired": self._wired, LOOP: self._loop_trouble() is None}
        return itself | dict(zip(self._checks, answers, strict=True))

    def routes(self) -> list[Route]:
        """/healthz, /readyz and /metrics, for the health server or for an application that listens anyway."""
        return [
            Route("/healthz", _alive),
            Route("/readyz", self._ready),
            Route("/metrics", _metrics),
        ]

    async def _ready(self, _request: Request) -> JSONResponse:
        checks = await self.readiness()
        ready, trouble = all(checks.values()), self._loop_trouble()
        reasons = {LOOP: trouble} if trouble else {}
        answer = {"ready": ready, "checks": checks, "reasons": reasons}
        return JSONResponse(answer, status_code=200 if ready else 503)


async def _answer(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except Exception:  # noqa: BLE001 -- whatever went wrong, it is not ready
        return False


async def _alive(_request: Request) -> JSONResponse:
    return JSONResponse({"alive": True})


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

"""Keeps a lease while its work is done, and says when the work must stop."""

import asyncio
import time
from contextlib import suppress
from typing import Final, NoReturn

from services.platform.jobs.errors import JobCancelledError, NoProgressError
from services.platform.jobs.leased import LeasedRun
from services.platform.jobs.leases import Heard, Leases, lost
from services.platform.process.errors import NightkeepError, TransientError
from services.platform.process.settings import WorkerSettings

AGAIN_SHARE: Final = 0.2
"""After a heartbeat that failed, the next comes after this share of the usual time."""


class Heartbeats:
    """The heartbeats of one attempt. `began` is the monotonic time before the lease was taken."""

    def __init__(self, run: LeasedRun, leases: Leases, settings: WorkerSettings, began: float) -> None:
        self._run = run
        self._leases = leases
        self._settings = settings
        self._heard_at = began
        run.held_until = began + settings.lease_seconds
        self._wake = asyncio.Event()

    def look_now(self) -> None:
        """Somebody may have cancelled: beat at once."""
        self._wake.set()

    async def watch(self) -> NoReturn:
        """Beat until the work must stop. Raises LeaseLostError, NoProgressError or JobCancelledError."""
        while True:
            heard = await self._beat()
            if heard is not None:
                self._stop_if_unwanted(heard)
            await self._pause(heard)

    async def keep(self) -> NoReturn:
        """Beat until the lease is lost, whatever else is said: the job is being ended. Raises LeaseLostError."""
        while True:
            await self._pause(await self._beat())

    async def _beat(self) -> Heard | None:
        began = time.monotonic()
        moved = self._run.take_moved()
        try:
            async with asyncio.timeout(self._left(began)):
                heard = await self._leases.keep(self._run.lease, moved=moved)
        except (TransientError, TimeoutError) as error:
            if self._left(time.monotonic()) <= 0:
                raise self._trouble(lost(self._run.lease)) from error
            return None
        except NightkeepError as error:
            raise self._trouble(error) from error
        self._heard_at = began
        self._run.held_until = began + self._settings.lease_seconds
        return heard

    def _left(self, now: float) -> float:
        return self._heard_at + self._settings.lease_seconds - now

    def _stop_if_unwanted(self, heard: Heard) -> None:
        if heard.cancelled_by is not None:
            self._run.cancelled_by = heard.cancelled_by
            raise self._trouble(JobCancelledError(heard.cancelled_by))
        if heard.stalled:
            raise self._trouble(NoProgressError(f"nothing moved for {self._settings.no_progress_seconds:.0f} seconds"))

    def _trouble(self, error: NightkeepError) -> NightkeepError:
        self._run.trouble = error
        return error

    async def _pause(self, heard: Heard | None) -> None:
        seconds = self._settings.heartbeat_seconds * (1.0 if heard else AGAIN_SHARE)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

"""The life of a service process: logs, signals, health, wiring with back-off, background tasks, an orderly end."""

import asyncio
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Generic, TypeVar

import structlog
from starlette.applications import Starlette

from services import end_imports
from services.platform.process.errors import NightkeepError
from services.platform.process.health import Health
from services.platform.process.http import serve
from services.platform.process.logging import configure_logging, unit_of_work
from services.platform.process.memory import bound_memory
from services.platform.process.pulse import Pulse, keep_beating
from services.platform.process.reading import SettingsError, read_settings
from services.platform.process.retry import until_done
from services.platform.process.seams import rehearse
from services.platform.process.settings import HealthSettings, Settings

S = TypeVar("S", bound=Settings)
Task = Coroutine[Any, Any, None]
Bootstrap = Callable[[AsyncExitStack, S, Health], Awaitable[Sequence[Task]]]
"""Opens what the service needs on the stack and returns its background tasks.

A TransientError means that an engine is not there yet: all is closed, and it is called again after a back-off.
"""
ENDED: Final = 0
DIED: Final = 1
MISCONFIGURED: Final = 2

log = structlog.get_logger()


def run_service(name: str, settings_type: type[S], bootstrap: Bootstrap[S]) -> int:
    """Run until SIGTERM or SIGINT (0), or until a background task dies (1); wrong settings are 2."""
    end_imports()
    bound_memory()
    _allow_open_files()
    try:
        settings = read_settings(settings_type)
    except SettingsError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return MISCONFIGURED
    configure_logging(settings.log, name)
    rehearse(settings.rehearsal)
    return asyncio.run(_Life(name, settings, bootstrap).live())


def _allow_open_files() -> None:
    """The usual 1024 are for programs that wait by `select`; documents that are written together are all open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Life(Generic[S]):
    """One process from start to end."""

    def __init__(self, name: str, settings: S, bootstrap: Bootstrap[S]) -> None:
        self._name = name
        self._settings = settings
        self._bootstrap = bootstrap
        self._pulse = Pulse(settings.health, time.monotonic)
        self._health = Health(self._pulse.trouble)

    async def live(self) -> int:
        work = asyncio.create_task(self._work())
        asked = _end_when_asked(work)
        try:
            with unit_of_work("service") as line:
                return await self._outcome(work, asked, line)
        except Exception:  # noqa: BLE001 -- the line has said it; the supervisor starts the process again
            return DIED

    async def _outcome(self, work: asyncio.Task[None], asked: asyncio.Event, line: dict[str, Any]) -> int:
        try:
            await work
        except asyncio.CancelledError:
            if not asked.is_set():
                raise
        except BaseExceptionGroup as group:
            raise _first(group) from group
        line["outcome"] = "ended"
        return ENDED

    async def _work(self) -> None:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_beating(self._pulse, self._settings.health))
            _serve_health(tasks, self._settings.health, self._health)
            wired = await until_done(f"start {self._name}", lambda: self._wire(stack))
            self._health.wiring_done()
            log.info("started", service_tasks=len(wired))
            for task in wired:
                tasks.create_task(task)

    async def _wire(self, stack: AsyncExitStack) -> Sequence[Task]:
        """What was opened moves to `stack` when everything could be; else it is closed again."""
        self._health.wiring_begins()
        async with AsyncExitStack() as trial:
            wired = await self._bootstrap(trial, self._settings, self._health)
            stack.push_async_exit(trial.pop_all())
            return wired


def _serve_health(tasks: asyncio.TaskGroup, settings: HealthSettings, health: Health) -> None:
    if settings.port:
        tasks.create_task(serve(Starlette(routes=health.routes()), settings.host, settings.port))


def _end_when_asked(work: asyncio.Task[None]) -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        log.info("asked to end", signal=number.name)
        asked.set()
        work.cancel()
        loop.remove_signal_handler(number)  # a second one ends the process at once

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    return asked


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the group: a defect before one of ours, so that it is not hidden."""
    errors = [error for error in _leaves(group) if not isinstance(error, asyncio.CancelledError)]
    errors.sort(key=lambda error: isinstance(error, NightkeepError))
    if errors and not isinstance(errors[0], NightkeepError):
        log.error("a defect ended the service", exc_info=errors[0])
    return errors[0] if errors else group


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for inner in error.exceptions for leaf in _leaves(inner)]

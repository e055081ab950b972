"""Structured logs, and one canonical line per unit of work."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final, TextIO, cast

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from services.platform.process.settings import LogSettings

SECRET_WORDS: Final = ("password", "secret", "token", "api_key", "authorization", "credential")
"""A field whose name has one of these is blacked out, whoever logs it."""
QUIET: Final = ("aiokafka", "botocore", "aiobotocore", "asyncio", "uvicorn", "faust", "mode", "httpx")
"""Libraries that say much: from warnings on."""
REPEATING: Final = ("aiokafka.conn",)
"""Says of every single connection that a password travels in the clear, which the settings have said once."""

log = structlog.get_logger()


def configure_logging(settings: LogSettings, service: str) -> None:
    """Send every log line of the process to stderr in the chosen format; call once, first of all."""
    stderr = Lossy(sys.stderr)
    rendering = [stderr.tell, *_rendering(settings, service)]
    structlog.configure(
        processors=[*_shared(), *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        # Through `logging` a line costs twice as much.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", stderr)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(level=settings.level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(settings.level)))
    for name in REPEATING:
        logging.getLogger(name).setLevel(logging.ERROR)


class Lossy:
    """Where log lines go: what cannot be written is lost, and no work fails for it. The next one says how many were.

    A log on a full disk would otherwise end what it tells of: a job that has just failed for the same disk, say.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, line: str) -> None:
        """Write a line, or lose it."""
        try:
            self._stream.write(line)
        except OSError:
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Let it out, or keep it for later."""
        with suppress(OSError):
            self._stream.flush()

    def tell(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Add how many were lost, as a processor."""
        return {**event, "lines_lost_before": self._lost} if self._lost else event


@contextmanager
def unit_of_work(name: str, /, **fields: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- a log field may be anything
    """One line when the work has ended: its name, fields, `duration_seconds` and `outcome` (done, failed, cancelled).

    What is put into the yielded dict during the work is in the line too, `outcome` among it. The fields are on every
    other line of the work as well.
    """
    line: dict[str, Any] = {}
    began = time.monotonic()
    with bound_contextvars(**fields):
        try:
            yield line
        except asyncio.CancelledError:
            line.setdefault("outcome", "cancelled")
            raise
        except BaseException as error:
            line.setdefault("outcome", "failed")
            line.setdefault("error", f"{type(error).__name__}: {error}")
            raise
        finally:
            line.setdefault("outcome", "done")
            log.info(name, duration_seconds=round(time.monotonic() - began, 3), **line)


def _shared() -> list[Processor]:
    return [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        black_out_secrets,
    ]


def _rendering(settings: LogSettings, service: str) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"service": service, **event}

    # Tracebacks never show local variables: passwords are among them.
    if settings.format == "console":
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        return [add_service, console]
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [add_service, tracebacks, structlog.processors.JSONRenderer(default=str)]


def black_out_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every field whose name speaks of a secret."""
    return {name: "***" if _is_secret(name) else value for name, value in event.items()}


@cache
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)

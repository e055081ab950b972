"""Drives the projection while events come in: Faust reads and batches, the projection applies (architecture §2.13).

Faust acknowledges a batch even when its agent raised, so the agent tries until it has committed and never raises;
what it cannot apply because something before is missing is left to the replayer.
"""

import asyncio
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import faust
import structlog

from contracts.codec import RawRecord
from services.catalog.projection.keeper import Projection
from services.platform.messaging.records import Place, Received
from services.platform.process.errors import NightkeepError, TransientError
from services.platform.process.retry import until_done
from services.platform.process.seams import Seam, passing
from services.platform.process.settings import KafkaSettings

BATCH: Final = 500
FETCH_BYTES: Final = 1024 * 1024

log = structlog.get_logger()


class LiveProjection:
    """A Faust application with one agent, inside this process's event loop; no table, no web server, no topic made."""

    def __init__(self, settings: KafkaSettings, projection: Projection, scratch: Path | None) -> None:
        self._projection = projection
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._directory = tempfile.TemporaryDirectory(prefix="nightkeep-faust-", dir=scratch)
        self._app = _application(settings, Path(self._directory.name))
        topic = self._app.topic(projection.topic, value_serializer="raw", key_serializer="raw", internal=False)
        self._app.agent(topic, concurrency=1)(self._agent)

    async def run(self) -> None:
        """Follow the log until cancelled. Raises LogForkedError, and TransientError when Faust itself broke."""
        try:
            await self._app.start()
            await self._watch()
        finally:
            await self._app.stop()
            self._directory.cleanup()

    async def _watch(self) -> None:
        stopped = asyncio.ensure_future(self._app.wait_until_stopped())
        await asyncio.wait({stopped, self._broken}, return_when=asyncio.FIRST_COMPLETED)
        if self._broken.done():
            self._broken.result()
        raise TransientError("the live projection stopped: it is started again") from self._app.crash_reason

    async def _agent(self, stream: Any) -> None:  # noqa: ANN401 -- Faust's stream has no useful type
        """Apply together what came while the batch before was applied; an event that comes alone waits for no other.

        Faust's own `take_events` looks at its buffer by the clock: it lets events wait, and wakes up for nothing.
        """
        coming: list[Any] = []
        stream = stream.noack()
        async for event in stream.events():
            coming.append(event)
            if len(coming) < BATCH and not stream.channel.queue.empty():
                continue
            await self._apply(sorted((_received(one.message) for one in coming), key=lambda one: one.place))
            with passing(Seam.ACKNOWLEDGE):  # Faust commits by the second what was acknowledged
                for one in coming:
                    await stream.ack(one)
            coming.clear()

    async def _apply(self, records: Sequence[Received]) -> None:
        try:
            early = await until_done("project events", lambda: self._projection.apply(records))
        except NightkeepError as error:
            if not self._broken.done():
                self._broken.set_exception(error)
            return
        if early:
            log.info("events came early: the replayer fills what is before them", partitions=sorted(early))


def _received(message: Any) -> Received:  # noqa: ANN401 -- Faust's message
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    return Received(
        topic=message.topic,
        place=Place(message.partition, message.offset),
        at=datetime.fromtimestamp(message.timestamp, UTC),
        record=RawRecord(message.key, message.value, tuple((name, value or b"") for name, value in headers)),
    )


def _application(settings: KafkaSettings, directory: Path) -> Any:  # noqa: ANN401 -- Faust's App is generic in nothing useful
    return faust.App(
        f"{settings.topic_prefix}.catalog-projection",
        broker=[f"kafka://{server.strip()}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=_credentials(settings),
        processing_guarantee="at_least_once",
        store="memory://",
        datadir=directory,  # nothing is kept there, but Faust makes directories; two users cannot share one
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 3,
        broker_commit_interval=1.0,
        consumer_max_fetch_size=FETCH_BYTES,
        logging_config=None,
        loghandlers=[],
    )


def _credentials(settings: KafkaSettings) -> Any:  # noqa: ANN401 -- Faust has one class per mechanism
    context = None
    if settings.security_protocol in ("SSL", "SASL_SSL"):
        context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None

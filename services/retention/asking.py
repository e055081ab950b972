"""Sends what sweeps ask for to the catalog: a window of commands at a time, each again until it is answered."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter

from contracts.codec import RawRecord, encode
from contracts.topics import Topic
from services.platform.database import Database, load_queries
from services.platform.messaging.producer import Producer
from services.platform.process.clock import Clock
from services.platform.process.settings import RetentionSettings
from services.retention import known
from services.retention.domain.backup import command_id
from services.retention.domain.messages import expire

SENT = Counter("nightkeep_retention_commands", "ExpireBackup commands sent, those that were sent again too")
queries = load_queries("services.retention")


class Asking:
    """The way of ExpireBackup onto the command topic. Any number may run at once."""

    def __init__(self, database: Database, producer: Producer, clock: Clock, settings: RetentionSettings) -> None:
        self._database = database
        self._producer = producer
        self._clock = clock
        self._settings = settings

    async def send(self) -> int:
        """Send as many as the catalog may have before it at once; how many there were.

        They are noted as sent first: one that was not, because this process died or the broker did not confirm, has no
        answer in time and is sent again with the same id. Raises a TransientError.
        """
        async with self._database.transaction() as c:
            rows = [
                row
                async for row in queries.unsent(
                    c, at_once=self._settings.commands_at_once, answer_seconds=self._settings.answer_seconds
                )
            ]
            ids = [command_id(row["backup_id"], row["asked_expires_at"], row["round"]) for row in rows]
            await queries.note_sent(c, backup_ids=[row["backup_id"] for row in rows], command_ids=ids)
        if rows:
            await self._producer.send_batch(Topic.COMMANDS, self._records(rows, ids))
            SENT.inc(len(rows))
        return len(rows)

    def _records(self, rows: Sequence[Any], ids: Sequence[Any]) -> list[RawRecord]:
        now = self._clock.now()
        asked = [known.asked_of(row) for row in rows]
        return [
            encode(expire(row["backup_id"], row["key"], one, how, now))
            for row, one, how in zip(rows, ids, asked, strict=True)
            if how is not None
        ]

"""Uses of rights and refusals onto the log: changing and taking calls at once, the others gathered (§2.18)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import structlog

from contracts.envelope import Cause
from contracts.events.access import AccessRefused, ArchiveDownloaded, Refused, RightUsed
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.domain.rights import NOBODY, OPERATOR, PLACED_BY, Caller
from services.gateway.resources import Archive
from services.gateway.settings import SERVICE
from services.platform.database import Connection, Database, load_queries
from services.platform.process.clock import Clock
from services.platform.process.errors import TransientError
from services.platform.process.ids import random_id

WRITE_SECONDS: Final = 0.5
"""A changing call is on the log so soon after its answer; what it changed is there before."""
MOST_NOTES: Final = 10_000
"""Of each kind between two writes; more can only be an attack, and is counted in the log of the process."""

PLACES: Final = ("environment_id", "app_id")
"""Where things lie that are no organisation."""

_sql = load_queries("services.gateway")
_log = structlog.get_logger(__name__)
T = TypeVar("T")


class _Refusal(NamedTuple):
    user_id: UUID
    user: str
    operation: str
    status: int
    key_id: str


class _Download(NamedTuple):
    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    user_id: UUID


class AccessLog:
    """What callers did, kept until it is written; `gather_seconds` is how long refusals and downloads are gathered."""

    def __init__(self, database: Database, stream: AccessStream, clock: Clock, *, gather_seconds: float) -> None:
        self._database = database
        self._stream = stream
        self._clock = clock
        self._gather_seconds = gather_seconds
        self._since = clock.now()
        self._used: list[tuple[UUID, RightUsed, Cause]] = []
        self._refusals: Counter[_Refusal] = Counter()
        self._downloads: Counter[_Download] = Counter()
        self._keys: dict[str, datetime] = {}

    def seen(self, caller: Caller) -> None:
        """A key opened something."""
        self._keys[caller.key_id] = self._clock.now()

    def used(
        self, caller: Caller, operation: str, things: Mapping[str, str], status: int, command_id: UUID | None
    ) -> None:
        """A call was let in that changes something, or takes contents out of a backup."""
        one = command_id or random_id()
        body = RightUsed(
            user=caller.user,
            key_id=caller.key_id,
            operation=operation,
            things=dict(things),
            status=status,
            used_at=self._clock.now(),
        )
        if len(self._used) < MOST_NOTES:
            self._used.append((caller.user_id, body, Cause(one, one, caller.actor, actor_verified=True)))
        else:
            _log.error("more changing calls than can be noted", operation=operation, user=caller.user)

    def refused(self, caller: Caller | None, operation: str, status: int) -> None:
        """Somebody was not let in."""
        user = (NOBODY, "", operation, status, "")
        if caller is not None:
            user = (caller.user_id, caller.user, operation, status, caller.key_id)
        _count(self._refusals, _Refusal(*user))

    def downloaded(self, archive: Archive, user_id: UUID) -> None:
        """Bytes of an archive were given to whoever showed the link of this user, NOBODY where it does not say whose.

        However many connections and ranges a download takes, it is one note in a while.
        """
        one = _Download(archive.archive_id, archive.backup_id, archive.environment_id, user_id)
        _count(self._downloads, one)

    async def run(self) -> None:
        """Writes until cancelled, and then what is left."""
        gathered = 0.0
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                gathered += WRITE_SECONDS
                await self._write(everything=gathered >= self._gather_seconds)
                gathered = 0.0 if gathered >= self._gather_seconds else gathered
        finally:
            await self._write(everything=True)

    async def _write(self, *, everything: bool) -> None:
        """What could not be written waits for the next time."""
        try:
            await self._write_used()
            if everything:
                await self._write_gathered()
        except TransientError as error:
            _log.warning("uses of rights wait to be noted", reason=error.reason)

    async def _write_used(self) -> None:
        taken = list(self._used)
        if not taken:
            return
        by_user: defaultdict[UUID, list[tuple[RightUsed, Cause]]] = defaultdict(list)
        for user_id, body, cause in taken:
            by_user[user_id].append((body, cause))
        async with self._database.transaction() as c:
            for user_id in sorted(by_user):
                told = [(await _placed(c, body), cause) for body, cause in by_user[user_id]]
                await self._stream.say(c, user_id, told, now=self._clock.now())
        del self._used[: len(taken)]

    async def _write_gathered(self) -> None:
        refusals, downloads, keys = Counter(self._refusals), Counter(self._downloads), dict(self._keys)
        since, until = self._since, self._clock.now()
        async with self._database.transaction() as c:
            await _sql.note_use(c, key_ids=list(keys), used_at=list(keys.values()))
            told = _refused(refusals, since, until)
            for user_id in sorted(told):
                await self._stream.say_unasked(c, user_id, [told[user_id]], now=until)
            for download, count in downloads.items():
                await self._say_downloaded(c, download, since, until, count)
        self._refusals -= refusals
        self._downloads -= downloads
        self._keys = {key_id: at for key_id, at in self._keys.items() if keys.get(key_id) != at}
        self._since = until

    async def _say_downloaded(
        self, c: Connection, download: _Download, since: datetime, until: datetime, count: int
    ) -> None:
        body = ArchiveDownloaded(
            user=await _sql.name_of_person(c, user_id=download.user_id) or "",
            archive_id=download.archive_id,
            backup_id=download.backup_id,
            environment_id=download.environment_id,
            since=since,
            until=until,
            count=count,
        )
        cause = Cause(download.archive_id, download.archive_id, SERVICE, actor_verified=True)
        await self._stream.say(c, download.user_id, [(body, cause)], now=until)


async def _placed(c: Connection, used: RightUsed) -> RightUsed:
    """It with the environment, or else the app, in which the first thing lies that its address names.

    The log says so itself, then: what reads it later need not know where each archive and each parcel was.
    """
    name = next((name for name in PLACED_BY if name in used.things), None)
    if name is None or name in PLACES:
        return used
    row = await getattr(_sql, f"place_of_{PLACED_BY[name]}")(c, thing_id=UUID(used.things[name]), operator=OPERATOR)
    found = next(({place: str(row[place])} for place in PLACES if row is not None and row[place]), {})
    return used.model_copy(update={"things": used.things | found})


def _refused(counted: Counter[_Refusal], since: datetime, until: datetime) -> dict[UUID, AccessRefused]:
    by_user: defaultdict[tuple[UUID, str], list[Refused]] = defaultdict(list)
    for one, count in sorted(counted.items()):
        refused = Refused(operation=one.operation, status=one.status, key_id=one.key_id, count=count)
        by_user[one.user_id, one.user].append(refused)
    return {
        user_id: AccessRefused(user=user, since=since, until=until, refusals=tuple(refusals))
        for (user_id, user), refusals in by_user.items()
    }


def _count(counter: Counter[T], one: T) -> None:
    if one in counter or len(counter) < MOST_NOTES:
        counter[one] += 1
    else:
        _log.error("more refusals or downloads than can be noted")

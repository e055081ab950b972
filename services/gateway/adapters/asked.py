"""What an idempotency key asked for first, where neither a command nor what it made tells all of it."""

import hashlib
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel

from contracts.defaults import COMMANDS_KEPT_DAYS
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import key_reused
from services.platform.database import Connection, Database, load_queries

_BETWEEN: Final = "\0"

_sql = load_queries("services.gateway")


def told(body: BaseModel) -> str:
    """A body without what is as usual: it is the same when a later release lets it have one field more."""
    return body.model_dump_json(exclude_defaults=True)


async def is_repeat(c: Connection, intent: Intent, *request: object) -> bool:
    """Whether the key did this very thing before. Raises RefusalError where it did another one."""
    known: bytes | None = await _sql.was_asked(c, command_id=intent.command_id)
    if known not in {None, _hash(request)}:
        raise key_reused()
    return known is not None


async def note(c: Connection, intent: Intent, *request: object) -> None:
    """Remember the `request` in the transaction in which it is done: with no secret in it, which a hash would tell."""
    await _sql.asked(c, command_id=intent.command_id, hash=_hash(request))


def _hash(request: Iterable[object]) -> bytes:
    return hashlib.sha256(_BETWEEN.join(map(str, request)).encode()).digest()


class Asked:
    """Remembers requests by hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def must_be_the_same(self, intent: Intent, *request: object) -> None:
        """Raises RefusalError where the key came with another `request`: the operation, its address and its body.

        A body as `told` tells it.
        """
        hashed = _hash(request)
        async with self._database.transaction() as c:
            if await _sql.asked(c, command_id=intent.command_id, hash=hashed) != hashed:
                raise key_reused()

    async def is_kept(self, intent: Intent) -> bool:
        """Whether the key asked for something that is remembered here."""
        async with self._database.transaction() as c:
            return bool(await _sql.is_asked(c, command_id=intent.command_id))

    async def forget_old(self) -> None:
        """Forget what nobody repeats any more: the log keeps a command that was not decided no longer either."""
        async with self._database.transaction() as c:
            await _sql.forget_asked(c, kept_days=COMMANDS_KEPT_DAYS)

"""What an idempotency key asked for first, where neither a command nor what it made tells all of it."""

import hashlib
from typing import Final

from pydantic import BaseModel

from contracts.defaults import COMMANDS_KEPT_DAYS
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import key_reused
from services.platform.database import Database, load_queries

_BETWEEN: Final = "\0"

_sql = load_queries("services.gateway")


def told(body: BaseModel) -> str:
    """A body without what is as usual: it is the same when a later release lets it have one field more."""
    return body.model_dump_json(exclude_defaults=True)


class Asked:
    """Remembers requests by hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def must_be_the_same(self, intent: Intent, *request: object) -> None:
        """Raises RefusalError where the key came with another `request`: the operation, its address and its body.

        A body as `told` tells it.
        """
        hashed = hashlib.sha256(_BETWEEN.join(map(str, request)).encode()).digest()
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

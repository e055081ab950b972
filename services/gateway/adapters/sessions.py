"""Browser sessions: begun by a password or a provider of identities, found by a cookie, ended."""

import secrets
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from contracts.defaults import SESSION_HOURS, SESSION_IDLE_MINUTES
from contracts.events.access import PasswordChanged, SignedIn, SignedOut
from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.asked import is_repeat, note
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.guessing import Guessed, Guessing
from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keystore import grants_of
from services.gateway.domain import sessions
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import ALL_SCOPES, Caller
from services.platform.database import Connection, Database, Record, load_queries
from services.platform.process.clock import Clock

_sql = load_queries("services.gateway")


class Begun(NamedTuple):
    """A session, and the secret that its cookie holds."""

    user: str
    secret: str
    ends_at: datetime


class Sessions:
    """Who is signed in."""

    def __init__(
        self, database: Database, stream: AccessStream, clock: Clock, hashing: Hashing, guessing: Guessing
    ) -> None:
        self._database = database
        self._stream = stream
        self._clock = clock
        self._hashing = hashing
        self._guessing = guessing

    async def sign_in(self, name: str, password: str, host: str) -> Begun:
        """A session of whoever has this password. Raises RefusalError: 401, and 429 for who guesses.

        A name that nobody has takes as long and is told the same.
        """
        tried = (Guessed.name(name), Guessed.host(host))
        self._guessing.must_not_wait(*tried)
        self._guessing.failed(*tried)
        async with self._database.transaction() as c:
            row = await _sql.person_named(c, name=name)
        if not await self._hashing.matches(row["password_hash"] if row else None, password) or row is None:
            raise RefusalError(401, "UNAUTHORIZED", "there is no such user, or the password is another")
        self._guessing.succeeded(*tried)
        return await self._begin(row["user_id"], row["name"], "password")

    async def sign_in_as(self, name: str, subject: str) -> Begun:
        """A session of the user of whom a provider says that it is `subject`. Raises RefusalError (403).

        Whoever was here before stays the same user, under whatever name the provider knows that person now.
        """
        async with self._database.transaction() as c:
            row = await _sql.person_of_subject(c, subject=subject) or await _newly_bound(c, name, subject)
        if row is None:
            raise RefusalError(403, "NO_ACCESS", "the provider knows you, and nobody has added you here: ask for it")
        return await self._begin(row["user_id"], row["name"], "openid")

    async def caller(self, secret: str, *, is_use: bool = True) -> tuple[Caller, datetime] | None:
        """Who is signed in by this cookie, and until when; None where nobody is.

        Unless it `is_use`, the session ends all the same when it is not used for long.
        """
        kept_as = sessions.kept_as(secret)
        async with self._database.transaction() as c:
            row = await _sql.find_session(c, hash=kept_as, idle_seconds=SESSION_IDLE_MINUTES * 60)
            if row is None:
                return None
            if is_use and row["is_stale"]:
                await _sql.see_session(c, hash=kept_as)
            grants = await grants_of(c, row["user_id"])
        caller = Caller(
            row["user"],
            f"session {row['session_id']}",
            ALL_SCOPES,
            user_id=row["user_id"],
            organisation_id=row["organisation_id"],
            grants=grants,
        )
        return caller, row["ends_at"]

    async def sign_out(self, secret: str) -> None:
        """End a session; again is harmless."""
        now = self._clock.now()
        async with self._database.transaction() as c:
            row = await _sql.end_session(c, hash=sessions.kept_as(secret))
            if row is not None:
                body = SignedOut(user_id=row["user_id"], session_id=row["session_id"], signed_out_at=now)
                await self._stream.say_unasked(c, row["user_id"], [body], now=now)

    async def change_password(self, intent: Intent, password: str, current: str | None) -> None:
        """Give the caller another password, and end all sessions; a repeat does nothing, whatever it says.

        Raises RefusalError where `current` is wrong.
        """
        user_id = intent.caller.user_id
        async with self._database.look() as c:
            if await is_repeat(c, intent, "password"):
                return
        tried = Guessed.name(f"change {user_id}")
        self._guessing.must_not_wait(tried)
        async with self._database.transaction() as c:
            kept = await _sql.password_of(c, user_id=user_id)
        self._guessing.failed(tried)
        if kept is not None and not await self._hashing.matches(kept, current or ""):
            raise RefusalError(403, "NO_ACCESS", "current_password: the password is another", field="current_password")
        self._guessing.succeeded(tried)
        await self._keep(user_id, await self._hashing.hash(password), intent)

    async def _keep(self, user_id: UUID, hashed: str, intent: Intent) -> None:
        now = self._clock.now()
        async with self._database.transaction() as c:
            await _sql.set_password(c, user_id=user_id, hash=hashed)
            await _sql.end_sessions_of(c, user_id=user_id)
            body = PasswordChanged(user_id=user_id, changed_at=now)
            await self._stream.say(c, user_id, [(body, intent.cause)], now=now)
            await note(c, intent, "password")

    async def _begin(self, user_id: UUID, name: str, how: Literal["password", "openid"]) -> Begun:
        secret, now = secrets.token_urlsafe(sessions.SECRET_BYTES), self._clock.now()
        session_id = sessions.session_id(secret)
        async with self._database.transaction() as c:
            await _sql.forget_sessions(c)
            ends_at = await _sql.begin_session(
                c,
                hash=sessions.kept_as(secret),
                session_id=session_id,
                user_id=user_id,
                seconds=SESSION_HOURS * 3600,
            )
            body = SignedIn(user_id=user_id, how=how, session_id=session_id, signed_in_at=now)
            await self._stream.say_unasked(c, user_id, [body], now=now)
        return Begun(name, secret, ends_at)


async def _newly_bound(c: Connection, name: str, subject: str) -> Record | None:
    row = await _sql.person_named(c, name=name)
    return row if row and await _sql.bind_subject(c, user_id=row["user_id"], subject=subject) else None

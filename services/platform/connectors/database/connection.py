"""Opens connections to an environment's server, and turns the driver's errors into ours at this one border."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import asyncpg
from asyncpg import exceptions as pg

from contracts.values import SslMode
from services.platform.connectors.database.access import DatabaseAccess, Login
from services.platform.connectors.database.errors import (
    AuthenticationError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    MissingRightsError,
    SpaceError,
)
from services.platform.database.connection import RawConnection
from services.platform.process.errors import NightkeepError

APPLICATION: Final = "nightkeep"
CONNECT_SECONDS: Final = 10
"""A server that does not answer for so long is not there (the preflight's look is as long)."""
PROVISIONER_PATH: Final = "pg_catalog, pg_temp"
"""Where the provisioner looks names up, whatever a database says: nothing that somebody made comes before the system's.
"""

Connection: TypeAlias = RawConnection


@asynccontextmanager
async def connected(
    access: DatabaseAccess,
    login: Login,
    database: str,
    *,
    application: str = APPLICATION,
    search_path: str | None = None,
) -> AsyncIterator[Connection]:
    """A connection of `login` to `database`; the driver's errors inside leave as ours, all others as they are.

    `search_path` stands over what role and database say of it; without one, theirs does.

    Raises DatabaseUnreachableError, DatabaseRefusedError, AuthenticationError, MissingRightsError, SpaceError.
    """
    place = Place(access.server, str(access.sslmode), login.user, database)
    settings = {"application_name": application} | ({"search_path": search_path} if search_path else {})
    with translated(place, OSError, TimeoutError):
        connection = await _connect(access, login, database, settings)
    try:
        with translated(place):
            yield connection
    finally:
        await _close(connection)


def provisioning(
    access: DatabaseAccess, database: str, *, application: str = APPLICATION
) -> AbstractAsyncContextManager[Connection]:
    """A connection of the provisioner, who calls nothing that others have made. Raises as `connected`."""
    return connected(access, access.provisioner, database, application=application, search_path=PROVISIONER_PATH)


async def _connect(access: DatabaseAccess, login: Login, database: str, settings: dict[str, str]) -> Connection:
    return await asyncpg.connect(
        host=access.host,
        port=access.port,
        database=database,
        user=login.user,
        password=login.password.get_secret_value(),
        ssl=tls(access),
        timeout=CONNECT_SECONDS,
        server_settings=settings,
        statement_cache_size=0,
    )


async def server_version(connection: Connection) -> str:
    """For example `18.6`, without what a distribution adds."""
    return str(await connection.fetchval("SHOW server_version")).split()[0]


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


_UNVERIFIED: Final[Mapping[SslMode, Literal["disable", "allow", "prefer"]]] = {
    SslMode.DISABLE: "disable",
    SslMode.ALLOW: "allow",
    SslMode.PREFER: "prefer",
}
"""The modes that the driver carries out by itself."""


def tls(access: DatabaseAccess) -> ssl.SSLContext | Literal["disable", "allow", "prefer"]:
    """What libpq does for `sslmode`: `require` with a CA file verifies as `verify-ca` does."""
    mode = access.sslmode
    if mode in _UNVERIFIED:
        return _UNVERIFIED[mode]
    context = ssl.create_default_context(cafile=str(access.ca_file) if access.ca_file else None)
    context.check_hostname = mode is SslMode.VERIFY_FULL
    if mode is SslMode.REQUIRE and access.ca_file is None:
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Place:
    """Where an error came from, in words."""

    server: str
    sslmode: str
    user: str
    database: str

    def __str__(self) -> str:
        return f"database {self.database!r} on {self.server}"


_OF_THE_DRIVER: Final[tuple[type[Exception], ...]] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says of a connection that the server ends at this moment
)


@contextmanager
def translated(place: Place, *further: type[Exception]) -> Iterator[None]:
    """Errors of the driver, and of the `further` types, leave as ours; all others pass."""
    try:
        yield
    except (*_OF_THE_DRIVER, *further) as error:
        raise _ours(error, place, " ".join(str(error).split())) from error


def _ours(error: Exception, at: Place, said: str) -> NightkeepError:
    for types, make in _TRANSLATIONS:
        if isinstance(error, types):
            return make(at, said)
    if (getattr(error, "sqlstate", None) or "")[:2] in _WORTH_A_RETRY:
        return DatabaseUnreachableError(f"{at} does not serve now: {said}")
    return DatabaseRefusedError(f"{at} refused: {said}")


_WORTH_A_RETRY: Final = ("08", "40", "53", "55", "57", "58")
"""SQLSTATE classes: connection, rollback, resources, state (closed for now), operator's intervention, system."""

_TRANSLATIONS: Final[Sequence[tuple[tuple[type[Exception], ...], Callable[[Place, str], NightkeepError]]]] = (
    (
        (pg.InvalidAuthorizationSpecificationError,),
        lambda at, said: AuthenticationError(
            f"{at.server} does not let role {at.user!r} into {at.database!r}: {said}. "
            f"Check the user, the password behind its secret, and pg_hba.conf"
        ),
    ),
    (
        (pg.InvalidCatalogNameError,),
        lambda at, _: DatabaseRefusedError(
            f"{at.server} has no database {at.database!r}: correct the name, or create it"
        ),
    ),
    (
        (pg.InsufficientPrivilegeError,),
        lambda at, said: MissingRightsError(f"role {at.user!r} lacks a right in {at}: {said}"),
    ),
    (
        (pg.DiskFullError,),
        lambda at, said: SpaceError(f"{at.server} has no space left: {said}. Free some, then try again"),
    ),
    (
        (ssl.SSLError,),
        lambda at, said: DatabaseRefusedError(f"no trusted TLS to {at.server} ({at.sslmode}): {said}. Check ca_file"),
    ),
    (
        (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError),
        lambda at, said: DatabaseUnreachableError(f"{at} cannot be reached: {said or 'no answer in time'}"),
    ),
)

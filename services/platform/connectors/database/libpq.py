"""The whole environment of a PostgreSQL program: nothing of ours, nothing of the machine's, the password in a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contracts.values import SslMode
from services.platform.connectors.database.access import DatabaseAccess, Login
from services.platform.connectors.database.children import Invocation
from services.platform.connectors.database.connection import APPLICATION, CONNECT_SECONDS
from services.platform.connectors.database.passfile import password_file, path_in_child

NEEDS_TLS: Final = frozenset({SslMode.REQUIRE, SslMode.VERIFY_CA, SslMode.VERIFY_FULL})
_NO_CA: Final = "/nonexistent/root.crt"
"""Keeps libpq from a CA file in somebody's home; where TLS is to be verified, its absence is an error."""


@contextmanager
def invocation(
    access: DatabaseAccess, login: Login, program: Path, arguments: Sequence[str], *, application: str = APPLICATION
) -> Iterator[Invocation]:
    """How to run `program` as `login`; valid inside the context, where its password file lives."""
    with password_file(login.password) as descriptor:
        environment = _environment(access, login, application) | {"PGPASSFILE": path_in_child(descriptor)}
        secrets = (login.password.get_secret_value(),)
        yield Invocation(program, ("--no-password", *arguments), environment, (descriptor,), secrets)


def _environment(access: DatabaseAccess, login: Login, application: str) -> dict[str, str]:
    return {
        "LC_ALL": "C",
        "PGHOST": access.host,
        "PGPORT": str(access.port),
        "PGUSER": login.user,
        "PGSSLMODE": access.sslmode.value,
        "PGSSLROOTCERT": str(access.ca_file) if access.ca_file else _default_ca(access.sslmode),
        "PGGSSENCMODE": "disable",
        "PGAPPNAME": application,
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
    }


def _default_ca(mode: SslMode) -> str:
    return "system" if mode is SslMode.VERIFY_FULL else _NO_CA

"""Whatever the driver says of a server that is not there is worth another try."""

import asyncpg
import pytest

from services.platform.connectors.database.connection import Place, translated
from services.platform.process.errors import TransientError


@pytest.mark.parametrize("kind", [asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.CrashShutdownError])
def test_a_server_that_ends_in_the_middle_is_unreachable(kind: type[Exception]) -> None:
    with pytest.raises(TransientError, match="on server:5432"), translated(Place("server:5432", "require", "a", "app")):
        raise kind("unexpected end of what it sends")

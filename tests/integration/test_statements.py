"""What tests ask PostgreSQL goes over connections that are kept, as if each were new."""

import pytest

from services.platform.process.settings import PostgresSettings
from tests.support.databases import execute

PID = "SELECT pg_backend_pid()"


def test_a_connection_is_kept_until_the_server_ends_it(postgres: PostgresSettings) -> None:
    first = execute(postgres, PID)
    assert execute(postgres, PID) == first
    elsewhere = postgres.model_copy(update={"database": "template1"})
    assert execute(elsewhere, f"SELECT pg_terminate_backend({first}, 10000)") == "t"
    assert execute(postgres, PID) != first


def test_nothing_is_left_of_what_was_set(postgres: PostgresSettings) -> None:
    first = execute(postgres, "SHOW work_mem")
    execute(postgres, "SET work_mem = '77MB'", "SELECT pg_advisory_lock(77)", role="catalog")
    assert execute(postgres, "SHOW work_mem", "SELECT current_user = session_user") == f"{first}\nt"
    assert execute(postgres, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77") == "0"


def test_an_open_transaction_is_left_to_nobody(postgres: PostgresSettings) -> None:
    first = execute(postgres, PID, "BEGIN")
    assert execute(postgres, PID) != first


def test_a_refusal_is_told_as_postgresql_words_it(postgres: PostgresSettings) -> None:
    with pytest.raises(RuntimeError, match='column "no_such_column" does not exist'):
        execute(postgres, "SELECT no_such_column")


def test_why_a_session_was_ended_is_told(postgres: PostgresSettings) -> None:
    with pytest.raises(RuntimeError, match="terminating connection due to administrator command"):
        execute(postgres, "SELECT pg_terminate_backend(pg_backend_pid())")

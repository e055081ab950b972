"""What the machine refuses within a step of a job is worth another try; what SQLite says of a query is a defect."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.errors import FailureCode
from services.platform.jobs.system import system_error
from tests.support.limits import files_of_at_most


def test_a_full_disk_is_named() -> None:
    found = system_error(OSError(errno.ENOSPC, "No space left on device"))
    assert found is not None
    assert found.code is FailureCode.NO_SPACE
    assert "No space left on device" in found.reason


def test_a_file_of_lists_that_finds_no_room_is_a_full_disk() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE list (line)")
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("INSERT INTO list VALUES (zeroblob(100000))")
    found = system_error(raised.value)
    assert found is not None
    assert found.code is FailureCode.NO_SPACE


def test_a_file_of_lists_that_meets_a_quota_or_a_limit_is_a_full_disk(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "lists.sqlite")) as connection:
        connection.execute("CREATE TABLE list (line)")
        with files_of_at_most(20_000), pytest.raises(sqlite3.OperationalError) as raised:
            connection.executescript("BEGIN; INSERT INTO list VALUES (zeroblob(100000)); COMMIT")
    found = system_error(raised.value)
    assert found is not None
    assert found.code is FailureCode.NO_SPACE
    assert "a quota, a limit or the disk" in found.reason


def test_a_disk_that_fails_is_no_lack_of_space() -> None:
    found = system_error(OSError(errno.EIO, "Input/output error"))
    assert found is not None
    assert (found.code, found.reason) == (FailureCode.INTERNAL, "the system said: Input/output error")


def test_a_query_that_is_wrong_is_a_defect() -> None:
    with sqlite3.connect(":memory:") as connection, pytest.raises(sqlite3.OperationalError) as raised:
        connection.execute("SELECT nothing FROM nowhere")
    assert system_error(raised.value) is None
    assert system_error(KeyError("hunter2")) is None

"""One line per unit of work, and no secret on any line."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from errno import ENOSPC
from typing import Any

import pytest
import structlog

from services.platform.process.logging import configure_logging, unit_of_work
from services.platform.process.settings import LogSettings


@dataclass
class Logs:
    """What was written to stderr."""

    written: io.StringIO

    @property
    def text(self) -> str:
        return self.written.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def logged(settings: LogSettings | None = None, written: io.StringIO | None = None) -> Iterator[Logs]:
    """The logs of a process that begins here; everything is as it was afterwards."""
    root, logs = logging.getLogger(), Logs(written or io.StringIO())
    handlers, level, root.handlers = root.handlers, root.level, []
    try:
        with redirect_stderr(logs.written):
            configure_logging(settings or LogSettings(), "catalog")
        yield logs
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()


class Full(io.StringIO):
    """A disk without room, until there is some."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(ENOSPC, "no space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.full:
            raise OSError(ENOSPC, "no space left on device")


def test_a_log_without_room_loses_lines_and_no_work_and_says_so_afterwards() -> None:
    disk = Full()
    with logged(written=disk) as logs:
        with unit_of_work("lost"):
            logging.getLogger("library").warning("lost too")
        disk.full = False
        with unit_of_work("kept"):
            pass
        with unit_of_work("kept too"):
            pass
    assert [(line["event"], line.get("lines_lost_before")) for line in logs.lines] == [("kept", 2), ("kept too", None)]


def test_a_unit_of_work_ends_with_one_line_that_says_everything() -> None:
    with logged() as logs, unit_of_work("backup", backup_id="b1") as line:
        line["stored_bytes"] = 7
    [said] = logs.lines
    assert said["duration_seconds"] >= 0
    assert {name: said[name] for name in ("event", "service", "backup_id", "stored_bytes", "outcome")} == {
        "event": "backup",
        "service": "catalog",
        "backup_id": "b1",
        "stored_bytes": 7,
        "outcome": "done",
    }


def test_work_that_raises_is_failed_and_work_that_is_stopped_is_cancelled() -> None:
    with logged() as logs:
        for error in (ValueError("on purpose"), asyncio.CancelledError()):
            with pytest.raises(type(error)), unit_of_work("backup"):
                raise error
    assert [said["outcome"] for said in logs.lines] == ["failed", "cancelled"]


def test_other_lines_of_the_work_carry_its_fields() -> None:
    with logged() as logs:
        with unit_of_work("backup", backup_id="b1"):
            structlog.get_logger().info("Step 1/2: dump the database")
            logging.getLogger("another.library").warning("slow %s", "disk")
        structlog.get_logger().info("afterwards")
    first, library, _, after = logs.lines
    assert first["backup_id"] == library["backup_id"] == "b1"
    assert (library["event"], library["service"]) == ("slow disk", "catalog")
    assert "backup_id" not in after


def test_fields_that_speak_of_secrets_are_blacked_out() -> None:
    told = {"password": "hunter2", "s3_secret_access_key": "hunter2", "user": "ada"}
    with logged() as logs:
        structlog.get_logger().info("connecting", **told)
    assert "hunter2" not in logs.text
    assert "ada" in logs.text


@pytest.mark.parametrize("shape", [LogSettings(format="json"), LogSettings(format="console")], ids=["json", "console"])
def test_a_traceback_shows_no_variables(shape: LogSettings) -> None:
    def connect(_word: str) -> None:
        raise ValueError("refused")

    with logged(shape) as logs:
        try:
            connect("hunter" + str(2))
        except ValueError as error:
            structlog.get_logger().error("a defect", exc_info=error)
    assert "refused" in logs.text
    assert "hunter2" not in logs.text


def test_libraries_say_only_what_goes_wrong() -> None:
    with logged() as logs:
        logging.getLogger("aiokafka.consumer").info("chatter")
        logging.getLogger("aiokafka.consumer").warning("trouble")
    assert [said["event"] for said in logs.lines] == ["trouble"]

"""Logs are read from their end, and on as they grow."""

from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.logs import Tail, log_files, recent
from infra.local.state import Status, is_supervised, read_state, supervisor_lock, write_state


def test_the_last_lines_of_every_part_are_shown_with_its_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.logs.mkdir()
    (layout.logs / "catalog.log").write_text("one\ntwo\nthree\n")
    assert list(recent(log_files(layout), 2)) == [("catalog", "two"), ("catalog", "three")]
    assert list(recent(log_files(layout), 0)) == []
    assert len(list(recent(log_files(layout), 100))) == 3


def test_whole_lines_are_followed_through_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("long before\n")
    tail = Tail("kafka", log, log.stat().st_size)
    log.write_text("long before\nfirst\nhalf of the sec")
    assert tail.news() == ["first"]
    log.write_text("anew\n")
    assert tail.news() == ["anew"]
    assert tail.news() == []


def test_a_state_without_its_supervisor_is_down(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_state(layout, Status(state="ready", data_dir=tmp_path))
    assert read_state(layout).state == "down"
    with supervisor_lock(layout):
        assert is_supervised(layout)
        write_state(layout, Status(state="ready", data_dir=tmp_path))
        assert read_state(layout).state == "ready"
    assert not is_supervised(layout)


def test_what_can_be_no_stack_is_down(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    assert read_state(Layout(tmp_path / "nowhere")).state == "down"
    assert read_state(Layout(tmp_path / "thesis.txt")).state == "down"


def test_a_directory_has_one_supervisor(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with supervisor_lock(layout), pytest.raises(StackError, match=r"runs in .* already"), supervisor_lock(layout):
        pass

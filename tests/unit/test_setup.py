"""`infra/bin/setup` says what a machine lacks, before it changes anything."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the program looks at, without an environment."""
    for name in ("infra/bin/setup", "infra/requirements/development.txt", "pyproject.toml"):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
        copy.chmod(0o755)
    return tmp_path


def fake_python(directory: Path, script: str) -> Path:
    program = directory / "python-of-a-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def setup(checkout: Path, python: Path, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "NIGHTKEEP_STACK_PYTHON": str(python)}
    program = checkout / "infra" / "bin" / "setup"
    return subprocess.run([program], env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)


def test_a_python_that_is_too_old_is_named_as_the_reason(checkout: Path) -> None:
    done = setup(checkout, fake_python(checkout, "exit 1"))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (checkout / ".venv").exists()


def test_without_a_registry_it_says_that_the_first_start_needs_one(checkout: Path) -> None:
    makes_one_without_packages = """case "$*" in *venv\\ --clear*)
        mkdir -p .venv/bin; printf '#!/bin/sh\\nexit 1\\n' >.venv/bin/python; chmod +x .venv/bin/python;;
    esac"""
    done = setup(checkout, fake_python(checkout, makes_one_without_packages))
    assert done.returncode == 1
    assert "the first start needs a Python package registry" in done.stderr


def test_a_person_sees_how_far_the_fetching_is(checkout: Path) -> None:
    (checkout / "infra/requirements/development.txt").write_text("one==1\ntwo==2\n")
    tells_of_one = """case "$*" in *venv\\ --clear*)
        mkdir -p .venv/bin
        printf '#!/bin/sh\\necho Collecting one\\nexit 1\\n' >.venv/bin/python
        chmod +x .venv/bin/python;;
    esac"""
    terminal, its_end = os.openpty()
    setup(checkout, fake_python(checkout, tells_of_one), stderr=its_end)
    os.close(its_end)
    assert "[####################                    ] 1 of 2 packages" in shown(terminal)


def shown(terminal: int) -> str:
    """All that was written to a terminal that nobody writes to any more; closes it."""
    told = b""
    with os.fdopen(terminal, "rb", buffering=0) as opened, suppress(OSError):  # EIO is its end
        while piece := opened.read(10_000):
            told += piece
    return told.decode()


def test_a_missing_venv_module_is_named_with_the_package_that_has_it(checkout: Path) -> None:
    done = setup(checkout, fake_python(checkout, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac'))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()

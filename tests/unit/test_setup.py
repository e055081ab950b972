"""`infra/bin/setup` says what a machine lacks, before it changes anything."""

import subprocess
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


def setup(checkout: Path, python: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "NIGHTKEEP_STACK_PYTHON": str(python)}
    program = checkout / "infra" / "bin" / "setup"
    return subprocess.run([program], env=environment, capture_output=True, text=True, check=False)


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


def test_a_missing_venv_module_is_named_with_the_package_that_has_it(checkout: Path) -> None:
    done = setup(checkout, fake_python(checkout, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac'))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()

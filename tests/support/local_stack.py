"""A whole stack for a test, run by the program that a person runs."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import psutil

from infra.local.cache import SETTING as CACHE_SETTING
from infra.local.cache import cache_directory
from infra.local.layout import SETTING
from infra.local.programs import SCALE_SETTING

READY_SECONDS: Final = 240
T = TypeVar("T")
SMALL: Final = "0.02"
"""Of the sample: a few megabytes."""


@dataclass
class LocalStack:
    """Commands on one data directory; `prefix` is put before each, to run it as somebody else or somewhere else."""

    data_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()

    def command(self, *words: str) -> list[str]:
        """Return the command line of `nightkeep` with these words."""
        return [*self.prefix, sys.executable, "-m", "services.cli", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words),
            env=self.environment_of_commands(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, *words: str, output: IO[str]) -> subprocess.Popen[str]:
        """Run `up` in the foreground of nobody's terminal."""
        command = self.command("up", *words)
        return subprocess.Popen(
            command, env=self.environment_of_commands(), cwd="/", stdout=output, stderr=output, text=True
        )

    def wait_ready(self) -> dict[str, Any]:
        """Return the status once it is ready."""
        done = self.run("wait", "--timeout", str(READY_SECONDS), "--json")
        assert done.returncode == 0, done.stdout + done.stderr + self.run("logs").stdout[-5000:]
        return dict(json.loads(done.stdout))

    def status(self) -> dict[str, Any]:
        """Return what `status --json` says now."""
        return dict(self.answer("status"))

    def answer(self, *words: str) -> Any:  # noqa: ANN401 -- whatever the command says
        """Return what a command says with --json."""
        done = self.run(*words, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def processes(self) -> list[psutil.Process]:
        """Every process of this stack that lives: guard, supervisor, and whatever is below."""
        supervisor = psutil.Process(self.status()["supervisor_pid"])
        guard = supervisor.parent()
        assert guard
        return [guard, *guard.children(recursive=True)]

    def of_each(self, look: Callable[[psutil.Process], T]) -> list[T]:
        """What a look at each of its processes tells; a session of PostgreSQL may have ended before that."""
        told = []
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                told.append(look(process))
        return told

    def environment_of_commands(self) -> dict[str, str]:
        """Return what the commands find: this directory, a small sample, nothing of the person who runs the tests."""
        theirs = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTKEEP_")}
        ours = {SETTING: str(self.data_dir), CACHE_SETTING: str(cache_directory()), SCALE_SETTING: SMALL}
        return {**theirs, **ours, **self.environment}


@contextmanager
def stack_directory() -> Iterator[Path]:
    """A place for a stack that PostgreSQL's user can reach; whatever runs there is ended, and all is removed."""
    directory = Path(tempfile.mkdtemp(prefix="nightkeep-test-"))
    directory.chmod(0o755)
    try:
        yield directory / "stack"
    finally:
        LocalStack(directory / "stack").run("down")
        shutil.rmtree(directory, ignore_errors=True)

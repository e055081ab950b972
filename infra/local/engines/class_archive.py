"""Keeps the broker's classes as a JVM has read and checked them: a start from such an archive takes half the time.

The broker's published image brings such an archive along; here it is made once for each Java and class path, by a
broker that runs for a moment. A JVM takes no archive of another Java or of other jars; a damaged one would crash it,
hence the sum in the name.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from infra.local.cache import cache_directory
from infra.local.children import Command, start, stop
from infra.local.engines.jars import TABLE, sha256_of
from infra.local.engines.java import major_version

SECONDS: Final = 120.0
"""For the broker that makes one to start, and again to end: it writes its archive then."""
LOOK_SECONDS: Final = 0.1
NONE: Final = "none"
"""In place of the sum, where this Java makes no archive: one without an archive of its own classes, before 25."""
FIRST_MAJOR_WITH_AOT: Final = 25
"""From this Java on, its ahead-of-time cache takes the place of the older archive."""


@dataclass(frozen=True)
class ClassArchive:
    """The archive for one program `java` and the jars of the table, in `directory`."""

    java: Path
    directory: Path

    @classmethod
    def of(cls, java: Path) -> "ClassArchive":
        """The one in the cache."""
        return cls(java, cache_directory() / "classes")

    def options(self) -> Sequence[str]:
        """What lets a JVM use it; nothing where there is none, or where it is not what was made."""
        option = "AOTCache" if self._is_aot else "SharedArchiveFile"
        return [f"-XX:{option}={path}" for path in self._kept() if _is_whole(path)]

    def was_tried(self) -> bool:
        """Whether there is one that can be used, or none can be made."""
        return self._named(NONE).exists() or bool(self.options())

    def make(self, command: Command, is_ready: Callable[[], bool]) -> None:
        """Make it by a broker's start and end; its data lies in the command's directory. Raises OSError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        made = command.directory / "made.jsa"
        option = "AOTCacheOutput" if self._is_aot else "ArchiveClassesAtExit"
        java, *arguments = command.argv
        was_ready = _live_once(replace(command, argv=[java, f"-XX:{option}={made}", *arguments]), is_ready)
        if made.exists():
            self._keep(made)
        elif was_ready:
            self._named(NONE).touch()

    def _keep(self, made: Path) -> None:
        """Whole before it has its name; copied first, since the cache may be on another file system."""
        beside = self.directory / f"{uuid4()}.unfinished"
        shutil.copyfile(made, beside)
        for damaged in self._kept():
            damaged.unlink(missing_ok=True)
        beside.replace(self._named(sha256_of(made)))

    @property
    def _is_aot(self) -> bool:
        return major_version(self.java) >= FIRST_MAJOR_WITH_AOT

    @property
    def _name(self) -> str:
        program = self.java.resolve()
        status = program.stat()
        identity = f"{program} {status.st_size} {status.st_mtime_ns} {sha256_of(TABLE)}"
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def _named(self, name: str) -> Path:
        return self.directory / f"{self._name}.{name}.jsa"

    def _kept(self) -> list[Path]:
        return sorted(self.directory.glob(f"{self._name}.*.jsa"))


def _live_once(command: Command, is_ready: Callable[[], bool]) -> bool:
    """Whether it was ready before it was asked to end."""
    process, until = start(command), time.monotonic() + SECONDS
    try:
        while not (was_ready := is_ready()) and process.poll() is None and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return was_ready
    finally:
        stop(process, replace(command, stop_seconds=SECONDS))


def _is_whole(path: Path) -> bool:
    return path.suffixes[0] == f".{sha256_of(path)}"

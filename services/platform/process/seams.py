"""Every place where a process may die between two effects has a name, and a rehearsal can end it exactly there.

Drivers pass their effect through a seam: `with passing(Seam.MARK):` around it, or `before` and `after` where the effect
is the end of a block. Where nothing is rehearsed, passing one costs a look at a variable.
"""

import os
import re
import signal
import sys
import time
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final

import structlog

from contracts.topics import Topic
from services.platform.process.holding import refuse_if_lost
from services.platform.process.settings import RehearsalSettings


class Seam(StrEnum):
    """The effects, by the part that brings them about; the steps of jobs are seams too, see `step_seam`."""

    DECIDE = "decide commands"
    TAKE = "take events"
    PROJECT = "project events"
    RING = "say what has become due"
    MARK = "mark events as published"
    LEASE = "lease a job"
    BEAT = "keep a lease"
    REMEMBER = "remember a step"
    TELL = "change something for a job"
    END = "end a job"
    GIVE_BACK = "give a job back"
    ARCHIVE = "change an archive"
    PARCEL = "change a parcel"
    ACCESS = "change who may do what"
    COMMIT = "commit anything else"
    PUBLISH_COMMANDS = "publish commands"
    PUBLISH_EVENTS = "publish events"
    PUBLISH_PROGRESS = "publish progress"
    PUBLISH_DEAD_LETTERS = "publish dead-letters"
    OFFSETS = "commit offsets"
    ACKNOWLEDGE = "acknowledge what was projected"
    PUT = "put an object"
    CREATE = "create an object"
    REPLACE = "replace an object"
    COPY = "copy an object"
    DELETE = "delete an object"
    COMPLETE = "complete an upload"
    RENAME = "rename a document"
    RENAME_OVER = "rename over a document"
    REMOVE = "remove an area"
    CLOSE = "close databases"
    SWITCH = "switch databases"
    SWITCH_BACK = "switch databases back"


OUTSIDE: Final = frozenset(
    {
        Seam.PUT,
        Seam.CREATE,
        Seam.REPLACE,
        Seam.COPY,
        Seam.DELETE,
        Seam.COMPLETE,
        Seam.RENAME,
        Seam.RENAME_OVER,
        Seam.REMOVE,
    }
)
"""Effects on what knows no epochs: whose lease may have ended brings about none of them."""
STEP: Final = "step: "
_POINT: Final = re.compile(
    r"(?:(?P<stop>stop )|stand (?P<seconds>[1-9][0-9]*) )?"
    r"(?P<point>(?:before|after) (?P<name>.+?))(?::(?P<nth>[1-9][0-9]*))?"
)

log = structlog.get_logger()


def step_seam(sentence: str) -> str:
    """The seam around a step of a job, known by the step's sentence."""
    return STEP + sentence


def publishing(topic: Topic) -> Seam:
    """The seam around a send to `topic`."""
    return Seam(f"publish {topic}")


class CrashFile:
    """Ends the process where the file says: `before put an object`, `after step: write the manifest:2` (its second).

    `stop` in front stops it (SIGSTOP) instead of killing it, `stand 8` has it stand still for so many seconds, with its
    event loop. The file goes first, so the next process lives; while it is not there, nothing happens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()  # documents are renamed in threads
        self._asked = ""
        self._left = 0

    def reached(self, point: str) -> None:
        """The process is at this point. Raises ValueError when the file names none that there can be."""
        with self._lock:
            asked = self._read()
            if not asked:
                return
            found = parsed(asked)
            if asked != self._asked:
                self._asked, self._left = asked, int(found["nth"] or 1)
            if found["point"] == point and self._is_meant():
                _end(asked, found)

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def _is_meant(self) -> bool:
        self._left -= 1
        if self._left:
            return False
        self._asked = ""  # who goes on may be asked for the same again
        self._path.unlink()
        return True


def _end(asked: str, found: re.Match[str]) -> None:
    sys.stderr.write(f"rehearsal: {asked}\n")
    sys.stderr.flush()
    if found["seconds"]:
        time.sleep(int(found["seconds"]))
    else:
        os.kill(os.getpid(), signal.SIGSTOP if found["stop"] else signal.SIGKILL)


def parsed(asked: str) -> re.Match[str]:
    """The parts of what a crash file asks for. Raises ValueError when no seam has that name."""
    found = _POINT.fullmatch(asked)
    if found is None or not (found["name"].startswith(STEP) or found["name"] in set(Seam)):
        raise ValueError(f"no process passes {asked!r}: name a seam as services/platform/process/seams.py does")
    return found


_crash_file: CrashFile | None = None
"""A process has one life, so this is the one thing of its kind that is no argument."""


def rehearse(settings: RehearsalSettings) -> None:
    """From here on the process ends where the settings' file says; one that rehearses says so loudly."""
    global _crash_file  # noqa: PLW0603 -- see there
    _crash_file = None if settings.crash_file is None else CrashFile(settings.crash_file)
    if _crash_file is not None:
        log.warning("this is a rehearsal: the process ends where a file tells it to", file=str(settings.crash_file))


def rehearsed() -> bool:
    """Whether this process rehearses: then no effect may happen in another one."""
    return _crash_file is not None


def before(seam: str) -> None:
    """The effect is next."""
    if _crash_file is not None:
        _crash_file.reached(f"before {seam}")


def after(seam: str) -> None:
    """The effect has happened, and nobody has heard of it."""
    if _crash_file is not None:
        _crash_file.reached(f"after {seam}")


class passing:  # noqa: N801 -- read as a verb: `with passing(Seam.MARK):`
    """`before` at the begin of the block, `after` at its end, unless it raised.

    Raises what `holding.refuse_if_lost` does, for an effect outside.
    """

    __slots__ = ("_seam",)

    def __init__(self, seam: str) -> None:
        self._seam = seam

    def __enter__(self) -> None:
        before(self._seam)
        if self._seam in OUTSIDE:
            refuse_if_lost()

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        if kind is None:
            after(self._seam)

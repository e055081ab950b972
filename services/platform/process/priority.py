"""Has a process stand behind the others on its machine: for the processor, and for the disk."""

from contextlib import suppress
from typing import Final

import psutil

LAST_IN_LINE: Final = 7
"""The lowest level of the class that everybody is in. The idle class may wait for ever, with a dump's locks held."""


def stand_behind(niceness: int) -> None:
    """Lower this thread, and all threads and programs that it starts from now on, by as much as `nice` counts (to 19).

    0 leaves all as it is. Nothing is raised that was started lower. A system that has no such priorities, or does not
    let them be changed, has the work done at the usual one. Linux has them by thread: what runs already goes on as it
    was.
    """
    if niceness:
        with suppress(psutil.Error, OSError):
            _lower(psutil.Process(), niceness)


def _lower(process: psutil.Process, niceness: int) -> None:
    process.nice(max(process.nice(), niceness))
    if hasattr(process, "ionice") and process.ionice().ioclass != psutil.IOPRIO_CLASS_IDLE:
        process.ionice(psutil.IOPRIO_CLASS_BE, value=LAST_IN_LINE)

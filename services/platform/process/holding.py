"""Who works under a lease changes nothing outside once it may have ended, however long it slept before the change.

PostgreSQL refuses an old epoch. A file system and an object store know of none: who was stopped there, and wakes up
when another has done the work, would remove what that one has put in place. So it looks at the clock right before each
such effect (see `seams`). What is left is a sleep between that look and the call; whoever takes over a restore into a
directory sees to it that such a call finds no document to add (`DocumentStore.fence`).
"""

import math
import time
from contextvars import ContextVar
from typing import Protocol


class Holder(Protocol):
    """Who works: nobody else can have that work before `held_until`, a time of this machine's monotonic clock."""

    @property
    def held_until(self) -> float:
        """It moves on while the lease is kept."""
        ...

    def lost(self) -> Exception:
        """What is raised behind that time."""
        ...


_holder: ContextVar[Holder | None] = ContextVar("holder", default=None)


def work_as(holder: Holder) -> None:
    """From here on this task, and every task and thread that it starts, works for `holder`."""
    _holder.set(holder)


def held_until() -> float:
    """Until when this task may change anything outside; for ever where it works under no lease."""
    holder = _holder.get()
    return math.inf if holder is None else holder.held_until


def refuse_if_lost() -> None:
    """Raises what the holder says when its time is over."""
    holder = _holder.get()
    if holder is not None and time.monotonic() >= holder.held_until:
        raise holder.lost()

"""The services of Nightkeep, the platform they stand on, and the command line."""

import atexit
import gc
from typing import Final

_USUAL: Final = gc.get_threshold()
gc.set_threshold(500_000)
"""More than a program imports: else the collector goes through all of that several times, a tenth of a start."""
atexit.register(gc.freeze)
"""Else the collector goes through all that was ever imported before a program may end: a fifth of its CPU time."""


def end_imports() -> None:
    """Say that a program has imported what it needs: the collector leaves that alone, and works as usual then.

    Said again, nothing is left alone that was made since.
    """
    if gc.get_threshold() != _USUAL:
        gc.freeze()
        gc.set_threshold(*_USUAL)

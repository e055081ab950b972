"""Runs a program that dies with its parent: started as `python -I -S tether.py <parent's pid> <program> [arguments]`.

A backup service that is killed must not leave a dump behind that holds locks on an app's database. A hook between fork
and exec would do the same, but is unsafe in a process with threads.

It stands before each of the many programs of a backup or a restore: `signal` and `typing` would take as long to import
as all of it takes.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_TETHER_FAILED = 127


def main(arguments: list[str]) -> None:
    """Become the program; exits when the parent is gone already."""
    parent, program, *rest = arguments
    tied = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) == 0
    if not tied or os.getppid() != int(parent):
        sys.exit(_TETHER_FAILED)
    os.execv(program, [program, *rest])  # noqa: S606 -- the program was found and probed by `tools`; no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])

"""Become another program on a leash: it dies with its parent, so a killed supervisor leaves nothing behind.

Run as a script by its path, before any virtual environment, so that it starts in a few milliseconds and needs only the
standard library: `python -I -S leash.py PARENT SIGNAL UID GID PROGRAM ARGUMENTS…`. The signal is the one that
the kernel sends when the parent is gone; the kernel forgets it when the user changes, hence the order below.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to the user (`-` keeps it), ask for the signal, become the program."""
    parent, signal_number, uid, gid, *program = arguments
    os.setsid()
    os.umask(0o077)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != int(parent):
        sys.exit(f"the parent {parent} was gone before {program[0]} began")
    os.execvp(program[0], program)  # noqa: S606 -- becoming another program is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])

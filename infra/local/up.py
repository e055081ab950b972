"""`nightkeep up`: make or find the stack of a directory, and supervise it, in this terminal or behind it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from infra.local.connections import Connections
from infra.local.engines.jars import class_path
from infra.local.errors import StackError
from infra.local.guard import FORWARDED, die_with, guarded
from infra.local.keeper import Say
from infra.local.layout import Layout
from infra.local.outside import Outside, read_outside
from infra.local.programs import Programs
from infra.local.stack import Stack
from infra.local.stack_identity import StackIdentity
from infra.local.state import Status, supervisor_lock, write_state

IMPOSSIBLE = 1


@dataclass(frozen=True)
class Wishes:
    """What a person asked for: `ports` by name, see `PORTS_ASKED`."""

    layout: Layout
    ports: Mapping[str, int] = field(default_factory=dict)
    with_sample: bool = True


def up(wishes: Wishes) -> int:
    """Run the stack until it is asked to end; return the exit code. Raises `StackError` before anything starts."""
    outside = _prepare(wishes)
    return guarded(lambda: _supervise(wishes, outside, _teller(sys.stdout.write)))


def up_detached(wishes: Wishes, *, outlives: bool = True) -> int:
    """Start the stack behind this terminal; return the process id of its guard. Raises `StackError` before a start.

    One that does not outlive its caller is killed with the thread that called.
    """
    outside = _prepare(wishes)
    caller, guard = os.getpid(), os.fork()
    if guard == 0:
        _leave_caller()
        _leave_terminal(wishes.layout)
        if not outlives:
            die_with(caller)
        os._exit(guarded(lambda: _supervise(wishes, outside, _teller(sys.stdout.write))))
    return guard


def _prepare(wishes: Wishes) -> Outside:
    """Do what needs a terminal: complain, and show the progress of what is fetched."""
    outside = read_outside()
    wishes.layout.claim()
    with supervisor_lock(wishes.layout):
        pass
    if outside.kafka is None:
        class_path()
    return outside


def _supervise(wishes: Wishes, outside: Outside, say: Say) -> int:
    try:
        with supervisor_lock(wishes.layout):
            return asyncio.run(_stack(wishes, outside, say).run())
    except StackError as error:
        say(error.reason)
        return IMPOSSIBLE


def _stack(wishes: Wishes, outside: Outside, say: Say) -> Stack:
    layout = wishes.layout
    write_state(layout, Status(state="starting", data_dir=layout.root, supervisor_pid=os.getpid()))
    identity = _identity(wishes, say)
    connections = Connections.make(outside, identity, layout)
    connections.write(layout)
    programs = Programs(layout, identity, connections, os.environ)
    programs.make_keys()
    say(f"data in {layout.root}")
    if outside.named:
        say(f"not started, since settings name another: {', '.join(outside.named)}")
    return Stack(layout, identity, connections, programs, say, with_sample=wishes.with_sample)


def _identity(wishes: Wishes, say: Say) -> StackIdentity:
    layout = wishes.layout
    known = StackIdentity.read(layout) if layout.is_ours() else StackIdentity.make(uuid4(), datetime.now(UTC))
    identity, moved = known.settle_ports(wishes.ports)
    if moved:
        say(f"somebody else took these ports meanwhile, others are used: {', '.join(moved)}")
    identity.write(layout)
    return identity


def _teller(write: Callable[[str], object]) -> Say:
    began = time.monotonic()

    def say(text: str) -> None:
        with suppress(BrokenPipeError):  # whoever listened has gone; the stack stays
            write(f"{time.monotonic() - began:6.1f} s  {text}\n")
            sys.stdout.flush()

    return say


def _leave_caller() -> None:
    """Until the guard listens, a signal ends this process at once: the caller's handlers would run what is its own."""
    for number in FORWARDED:
        signal.signal(number, signal.SIG_DFL)


def _leave_terminal(layout: Layout) -> None:
    """Belong to no terminal any more; what is said goes to the supervisor's log."""
    os.setsid()
    log = os.open(layout.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)

"""Free ports on loopback, so that two copies run side by side."""

import os
import random
import socket
from collections import deque
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
TWIN: Final = 10_000
"""SeaweedFS opens a second port so much above each that it is told; no port is taken whose twin is not free."""
SOCKETS: Final = Path("/tmp")  # noqa: S108 -- its choice, not ours
"""It also opens one there for each second port, whatever it is told; one that was killed leaves them behind."""
POSSIBLE: Final = range(1, 65_536 - TWIN)
CHOICE: Final = range(12_000, 12_000 + TWIN)
"""With their twins below the ports that Linux gives to outgoing connections: what was free stays free."""
RESERVED: Final = 100
"""So many of the ports that a process was given last are given to nobody else: it may not have opened them yet."""

_reserved: Final[deque[socket.socket]] = deque()


def free_ports(count: int, *, avoid: Collection[int] = ()) -> list[int]:
    """So many different ports that nobody listens on now, and that no other process on this machine was just given.

    Raises RuntimeError where there are not so many.
    """
    drawn = random.SystemRandom().sample(CHOICE, len(CHOICE))
    avoided = {*avoid, *(port + TWIN for port in avoid)}
    free = (port for port in drawn if port not in avoided and is_free(port) and _reserve(port))
    found = list(islice(free, count))
    if len(found) < count:
        raise RuntimeError("no free port is left of those that are drawn from: end what listens on them")
    return found


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def _reserve(port: int) -> bool:
    """Whether the port is ours now: by a name that the kernel knows once, and forgets when this process ends."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0nightkeep-port-{port}")
    except OSError:
        name.close()
        return False
    _reserved.append(name)
    if len(_reserved) > RESERVED:
        _reserved.popleft().close()
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen there and at its twin; what lingers of old connections is no bar."""
    return (
        _is_free(port) and _is_free(port + TWIN) and all(map(_may_be_removed, SOCKETS.glob(socket_of("*", port).name)))
    )


def socket_of(door: str, port: int) -> Path:
    """What SeaweedFS opens, or has left, for the twin of the port of this door of it."""
    return SOCKETS / f"seaweedfs-{door}-grpc-{port + TWIN}.sock"


def _may_be_removed(path: Path) -> bool:
    """Others' files stay where they are in a directory such as that one."""
    try:
        return os.geteuid() in {0, path.stat().st_uid}
    except FileNotFoundError:
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True

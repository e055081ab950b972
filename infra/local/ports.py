"""Free ports on loopback, so that two copies run side by side."""

import random
import socket
from collections.abc import Collection
from typing import Final

LOOPBACK: Final = "127.0.0.1"
CHOICE: Final = range(20_000, 32_768)
"""Below the range from which Linux takes the ports of outgoing connections: what was free stays free."""


def free_ports(count: int, *, avoid: Collection[int] = ()) -> list[int]:
    """So many different ports that nobody listens on now, drawn at random so that two copies rarely meet."""
    drawn = random.SystemRandom().sample(CHOICE, len(CHOICE))
    free = (port for port in drawn if port not in avoid and is_free(port))
    return [next(free) for _ in range(count)]


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def is_free(port: int) -> bool:
    """Whether a server could listen there now; connections of an earlier server that linger do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0

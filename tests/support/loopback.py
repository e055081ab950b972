"""Run a command on a machine without a network: `python loopback.py COMMAND…` inside a new network namespace."""

import fcntl
import os
import socket
import struct
import sys
from typing import Final

SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
IFF_UP: Final = 1


def bring_loopback_up() -> None:
    """Do what `ip link set lo up` does; a new namespace begins without it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        name = struct.pack("16sh", b"lo", 0)
        flags = struct.unpack("16sh", fcntl.ioctl(asked, SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    bring_loopback_up()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 -- becoming another program is its purpose

"""A password file that exists in memory alone: one tool reads it, nobody else can, and a crash leaves nothing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr


@contextmanager
def password_file(password: SecretStr) -> Iterator[int]:
    """An open file of mode 0600 that holds `password` for every host and database; for `pass_fds` of one child."""
    descriptor = os.memfd_create("nightkeep-passfile")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, f"*:*:*:*:{_escaped(password.get_secret_value())}\n".encode())
        yield descriptor
    finally:
        os.close(descriptor)


def path_in_child(descriptor: int) -> str:
    """Where a child that inherited `descriptor` finds the file."""
    return f"/proc/self/fd/{descriptor}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")

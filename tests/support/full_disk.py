"""A disk that takes no more, for one process: the kernel refuses its writes until there is room again."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_room_for_more(pid: int, room_bytes: int) -> Iterator[None]:
    """No file of that process, or of a child that it starts, grows beyond `room_bytes`, as at a quota."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))

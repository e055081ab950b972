"""A job's child processes end with it: each in its own process group, killed when the lease is lost."""

from collections.abc import Iterator
from contextlib import contextmanager


class ChildGroups:
    """The process groups of one attempt; start children with `start_new_session=True`."""

    @contextmanager
    def group(self, pid: int) -> Iterator[None]:
        """`with run.children.group(process.pid):` as long as the child may live; what is left then is killed."""
        raise NotImplementedError

    async def end_all(self) -> None:
        """Ask all groups to end, and kill what still lives two seconds later."""
        raise NotImplementedError

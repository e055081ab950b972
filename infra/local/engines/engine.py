"""What the supervisor and the tests know of an engine: prepare it, start it, ask whether it answers."""

from pathlib import Path
from typing import Protocol

from infra.local.children import Command


class Engine(Protocol):
    """A server that is a child of ours."""

    @property
    def name(self) -> str:
        """Its name in status, logs and messages."""
        ...

    @property
    def address(self) -> str:
        """Where its clients find it: host:port."""
        ...

    @property
    def log(self) -> Path:
        """The file that takes what it says."""
        ...

    def prepare(self) -> None:
        """Make whatever it needs before a start; done again, it changes nothing. Raises `StackError`."""
        ...

    def command(self) -> Command:
        """What to run."""
        ...

    def is_ready(self) -> bool:
        """Whether a client gets its answer now."""
        ...
